// The answer to a flip, for the person who sent it: what changed, under what, and what is missing in its paperwork.

import { entryId } from '../../domain/log/audit.js'
import type { Flip, FlipAnswer } from '../../wire/flip.js'
import type { HoldSummary, Warning } from '../../wire/hold.js'
import type { Style } from './style.js'
import { pairs } from './table.js'
import { absolute } from './time.js'
import { waysFor } from './wording.js'

/** An answer, or what the log tells later: where it was synced then is not known. */
export type ToldFlip = Omit<FlipAnswer, 'durability'> & Partial<Pick<FlipAnswer, 'durability'>>

export function flipLines(answer: ToldFlip, style: Style, now: number): string[] {
  const flips = answer.flips ?? [answer]
  return [
    ...flips.map(flip => headline(flip, answer.environment, style)),
    ...pairs(facts(answer, now), style),
    ...warningLines(answer.warnings, style),
    ...durabilityLines(answer, style),
  ]
}

function headline(
  { action, changed, killed, summary, flag, application }: Flip,
  environment: string,
  style: Style,
): string {
  const paint = !changed ? style.dim : action === 'restore' && !killed ? style.green : style.red
  const where = style.dim(`[${environment}] ${[application, flag].filter(Boolean).join(' ')}`)
  return `${style.bold(paint(summary))}  ${where}`
}

function facts(answer: ToldFlip, now: number): [string, string | undefined][] {
  const { step, incident, incidents, reason, released, holds, id, at, hold, flips } = answer
  const left = holds?.map(heldBy).join(', ')
  const others = holds
    ?.filter(each => each.id !== hold)
    .map(heldBy)
    .join(', ')
  return [
    ['step', step && stepLine(step)],
    [incidents ? 'incidents' : 'incident', incidents?.join(', ') ?? incident],
    ['reason', reason === step?.text ? undefined : reason],
    ['hold', flips ? undefined : hold],
    ['released', released?.join(', ')],
    ['still held by', released ? left : undefined],
    ['also held by', released || flips ? undefined : others],
    ['entry', `${entryOf(id)}, ${absolute(at, now)}, by ${answer.actor.id}`],
  ]
}

/** `INC-42 (ana)` */
const heldBy = ({ incident, actor }: HoldSummary): string =>
  incident === undefined ? actor : `${incident} (${actor})`

/** A provisional kill has no place yet. */
const entryOf = (id: number | undefined): string =>
  id === undefined ? 'provisional; its entry comes with the log' : entryId(id)

export function stepLine({ id, code, text, line }: NonNullable<Flip['step']>): string {
  if (text === undefined) return `${id} (not a step of any runbook)`
  return `${id} (${code}), line ${line}: ${text.replace(/\s+/g, ' ')}`
}

export const warningLines = (warnings: readonly Warning[], style: Style): string[] =>
  warnings.flatMap(({ code, detail, near, wayOut }) => {
    const text = [detail, ...waysFor(wayOut)].join(' ')
    // to kill first is the order: an id that is not declared yet is nothing to shout about, if no other is near
    if (code === 'unknown-incident' && near === undefined) return [style.dim(text)]
    return [`${style.yellow(`! ${code}:`)} ${text}`, ...(near ?? []).map(each => `    near: ${each}`)]
  })

function durabilityLines({ durability, replayed }: ToldFlip, style: Style): string[] {
  if (durability === 'provisional')
    return [
      style.yellow(
        '! provisional: the store is away. This instance holds the kill and serves it; it becomes final when the store is back.',
      ),
    ]
  if (durability === 'store')
    return [style.yellow('! The store has it; the journal of this instance failed.')]
  return replayed ? [style.dim('  (sent before: answered again, not done again)')] : []
}
