// Who has applied a flip, in a line: never more than was proved.

import type { Convergence, Laggard } from '../../wire/convergence.js'
import type { Style } from './style.js'
import { duration } from './time.js'

const names = (laggards: readonly Laggard[], most = 3): string => {
  const shown = laggards.slice(0, most).map(each => each.instance)
  const more = laggards.length - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}

const counted = ({ applied, pending }: Convergence): string =>
  `${applied.length}/${applied.length + pending.length} confirmed`

/** `37/38 confirmed, waiting for api-7 (12 s)` */
export const liveLine = (convergence: readonly Convergence[], elapsedMs: number, style: Style): string =>
  convergence
    .filter(each => each.status === 'pending')
    .map(
      each =>
        `${style.yellow(counted(each))}, waiting for ${names(each.pending)} (${Math.floor(elapsedMs / 1000)} s)`,
    )
    .join('; ')

/** Lines that say what is proved, and what is not. */
export function convergenceLines(convergence: readonly Convergence[], style: Style): string[] {
  return convergence.flatMap(each => [mainLine(each, style), ...lostLines(each, style)])
}

function mainLine(found: Convergence, style: Style): string {
  const { status, application, lastMs, served, pending } = found
  if (status === 'unproven') {
    const weak = served > 0 ? ` ${served} client(s) without receipts were answered with it.` : ''
    return style.yellow(
      `unproven: no running instance of ${application} is known that could confirm it.${weak}`,
    )
  }
  if (status === 'confirmed') {
    // a flip that changed nothing was in force everywhere before it
    const within = lastMs === undefined || lastMs < 1 ? '' : `, the last after ${duration(lastMs)}`
    return style.green(`${counted(found)} by ${application}${within}`)
  }
  const heard = pending.slice(0, 3).map(each => `${each.instance} last heard of ${duration(each.ageMs)} ago`)
  return style.red(`${counted(found)} by ${application}, not by ${names(pending)} (${heard.join('; ')})`)
}

function lostLines({ lost, revision }: Convergence, style: Style): string[] {
  const heard = ([first]: readonly Laggard[]) => `last heard of ${duration(first?.ageMs ?? 0)} ago`
  const unheard = lost.filter(each => each.revision < revision)
  const since = lost.filter(each => each.revision >= revision)
  const lines: string[] = []
  if (unheard.length > 0)
    lines.push(
      style.yellow(
        `lost before it could confirm: ${names(unheard)} (${heard(unheard)}). If it still runs, it runs as it last knew.`,
      ),
    )
  if (since.length > 0) lines.push(`confirmed, and lost since: ${names(since)} (${heard(since)})`)
  return lines
}
