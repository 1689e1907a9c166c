// What is proved of a flip, as the service says it in a sentence: coloured here, and never worded. Beside it each app
// instance that stands apart from the log.

import { toSecond } from '../../domain/clock.js'
import { entryId } from '../../domain/log/audit.js'
import type { Convergence, Proof } from '../../wire/convergence.js'
import type { Style } from './style.js'

type Said = Pick<Convergence, 'status' | 'detail'>

const APART_NAMED = 5

const COLOURS: Record<Convergence['status'], 'green' | 'yellow' | 'red'> = {
  confirmed: 'green',
  pending: 'yellow',
  unconfirmed: 'red',
  unproven: 'yellow',
}
/** A word that a newer service has is not taken for a proof. */
const said = ({ status, detail }: Said, style: Style): string => style[COLOURS[status] ?? 'yellow'](detail)

/** `37/38 confirmed by trustflow, waiting for api-7 (last heard of 3 s ago) (12 s)`, while it is waited for. */
export const liveLine = (convergence: readonly Convergence[], elapsedMs: number, style: Style): string =>
  convergence
    .filter(each => each.status === 'pending')
    .map(each => `${said(each, style)} (${Math.floor(elapsedMs / 1000)} s)`)
    .join('; ')

/** Lines that say what is proved, and what is not. */
export const convergenceLines = (convergence: readonly Convergence[], style: Style): string[] =>
  convergence.flatMap(each => [said(each, style), ...apartLines(each, style)])

/** A line each, whatever the ways are in which it does; the service counts the ways. */
function apartLines({ apart, count }: Convergence, style: Style): string[] {
  const ways = new Map<string, string[]>()
  for (const { instance, detail } of apart) ways.set(instance, [...(ways.get(instance) ?? []), detail])
  const shown = [...ways].slice(0, APART_NAMED)
  const more = shown.reduce((left, [, each]) => left - each.length, count.apart)
  return [
    ...shown.map(([instance, each]) => style.yellow(`! ${instance} ${each.join('; ')}`)),
    ...(more > 0 ? [style.yellow(`! and ${more} more: killswitch fleet`)] : []),
  ]
}

/** What the log says for ever, each with its place; of a run with its flag. */
export const proofLines = (proof: readonly Proof[], style: Style): string[] =>
  proof.map(each => {
    const where = [each.at && `at ${toSecond(each.at)}`, each.place && `entry ${entryId(each.place)}`].filter(
      Boolean,
    )
    const flag = proof.length > 1 && each.flag ? `${each.flag}: ` : ''
    return `${['in the log', where.join(', ')].join(' ').trim()}: ${flag}${said(each, style)}`
  })

/** The same sentences, as of now. */
export const nowLines = (convergence: readonly Convergence[], style: Style): string[] =>
  convergence.flatMap(each => [`now: ${said(each, style)}`, ...apartLines(each, style)])

/** Of a flip of which the answer says nothing. */
export const NOTHING_SAID =
  'The answer does not say who applied it: nothing is proved. "killswitch fleet" lists the app instances.'
