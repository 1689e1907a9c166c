// Fills a journal that was found damaged at the start from the store: only with lines that lead through what this instance
// knows, and whose commits are signed where the log is. Writes nothing anywhere before it has seen all of them.

import { KillswitchError } from '../../domain/errors.js'
import { fromPlace, type Head, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { Chain, linkOf, parseEntry } from '../../domain/log/chain.js'
import type { StartDamage } from '../follow/after-damage.js'
import type { KnownLog } from '../follow/known-log.js'
import { Branch } from '../signing/branch.js'
import type { Store } from '../stores/store.js'

/** Taken in at once: what listens has its turn between. */
const AT_ONCE = 500

/** Returns where the damaged files are kept. Throws `journal-broken` where the store has not got the log whole, or not all of it. */
export async function refill(log: KnownLog, store: Store, damage: StartDamage): Promise<string[]> {
  const { journal } = log
  const known = placeOf(log.head)
  const first = journal.segments().findLast(each => each.first <= known)?.first ?? 1
  const lines = await wholeFrom(first, log, store, damage)
  const kept = await journal.replaceFrom(first, lines)
  log.damage = undefined
  const news = lines.filter(({ entry }) => placeOf(entry) > known)
  for (let at = 0; at < news.length; at += AT_ONCE) await log.accept(news.slice(at, at + AT_ONCE))
  return kept
}

async function wholeFrom(
  first: number,
  log: KnownLog,
  store: Store,
  { end }: StartDamage,
): Promise<SealedEntry[]> {
  const found: SealedEntry[] = []
  const branch = new Branch(log.obedience, log.state, log.head)
  let chain = new Chain()
  let at: Head = { ...fromPlace(first - 1), hash: '' }
  for (;;) {
    const { lines, damage } = await store.examine(at)
    if (damage !== undefined) throw notWhole(damage)
    if (lines.length === 0) break
    if (found.length === 0) chain = new Chain(before(lines[0]!, first))
    const page = lines.map(line => {
      const wrong = chain.add(line)
      if (wrong !== undefined) throw notWhole(`an entry in it does not follow the one before: ${wrong}`)
      return chain.last as SealedEntry
    })
    found.push(...page)
    at = chain.head
    const unsigned = branch.add(page.filter(({ entry }) => placeOf(entry) > placeOf(log.head)))
    if (unsigned !== undefined) throw notWhole(unsigned.replace(/\.$/, ''))
  }
  const has = ({ hash }: Head) => hash === '' || found.some(each => each.hash === hash)
  if (!has(log.head)) throw notWhole(`it has not got entry ${nameOf(log.head)} as this instance knows it`)
  const unsigned = branch.end()
  if (unsigned !== undefined) throw notWhole(unsigned)
  // of a branch that was left nobody has the end, and the epoch after it is higher
  if (!has(end) && chain.head.epoch <= end.epoch)
    throw notWhole(`it has not got entry ${nameOf(end)}, which this journal had`)
  if (found.length === 0) throw notWhole('it is empty')
  return found
}

/** What the first line follows is another segment's matter, but for a log's first. */
function before(line: string, first: number) {
  const entry = parseEntry(line)
  if (entry === undefined || linkOf(line)?.place !== first || (first > 1 && entry.prev === ''))
    throw notWhole(`it does not go on at entry ${nameOf(fromPlace(first))}`)
  return { ...fromPlace(first - 1), hash: first === 1 ? '' : entry.prev, at: '' }
}

const nameOf = ({ epoch, seq }: Pick<Head, 'epoch' | 'seq'>): string => `${epoch}-${seq}`

const notWhole = (why: string): KillswitchError =>
  new KillswitchError(
    'journal-broken',
    `The store has not got the log as a whole: ${why}. Nothing was replaced.`,
  )
