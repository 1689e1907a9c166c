// What is wrong with the log in the store: whether it can be followed and added to, or something else wrote into it or cut
// it. Looks only, but for good lines that this instance did not know: those it takes in, whatever comes after them.

import { type Head, hashLine, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { Chain, parseEntry, problemAfter } from '../../domain/log/chain.js'
import type { KnownLog } from '../follow/known-log.js'
import { isUnusable } from '../follow/tail.js'
import { Branch } from '../signing/branch.js'
import type { Store } from '../stores/store.js'

/** `mark` names the state it was seen in; `highest` is the highest place that the store ever gave. */
export type Damage = { why: string; mark: string; highest: number }

/**
 * Takes in what goes on from this instance's head. Returns what is wrong with what comes after it; undefined where the log
 * is whole, and where it is behind this instance or on another branch.
 */
export async function takeIn(log: KnownLog, store: Store): Promise<Damage | undefined> {
  for (;;) {
    const before = placeOf(log.head)
    const { mark, damage, highest, isHeld, lines } = await store.examine(log.head)
    if (damage === undefined && !isHeld) return undefined
    const problem = await acceptWhatFollows(log, lines)
    if (problem === undefined && placeOf(log.head) > before) continue
    const why = damage ?? problem
    // nothing was committed behind a line that cannot be used
    const seen = problem === undefined ? highest : placeOf(log.head)
    return why === undefined ? undefined : { why, mark, highest: seen }
  }
}

/** The lines up to the first that does not follow; what is wrong with that one. */
async function acceptWhatFollows(log: KnownLog, lines: readonly string[]): Promise<string | undefined> {
  const entries: SealedEntry[] = []
  let head: Head = log.head
  let problem: string | undefined
  for (const line of lines) {
    const entry = parseEntry(line)
    const wrong = entry === undefined ? 'it is no entry' : problemAfter(head, entry)
    if (entry === undefined || wrong !== undefined) {
      problem = `What follows ${head.epoch}-${head.seq} in the store is not of this log: ${wrong}.`
      break
    }
    head = { epoch: entry.epoch, seq: entry.seq, hash: hashLine(line) }
    entries.push({ entry, line, hash: head.hash })
  }
  try {
    const before = log.head.hash
    await log.accept(entries)
    // nobody writes half a commit
    if (log.head.hash === before) log.atEnd()
  } catch (error) {
    if (!isUnusable(error)) throw error
    return error.message
  }
  return problem
}

/** What is wrong with the store's log after an entry that it shares with this instance; undefined where it is a branch. */
export async function damageAfter(log: KnownLog, store: Store, ancestor: Head): Promise<Damage | undefined> {
  const branch = new Branch(log.obedience, log.state, ancestor)
  const chain = new Chain({ ...ancestor, at: '' })
  for (;;) {
    const { mark, damage, highest, isHeld, lines } = await store.examine(chain.head)
    // it is another one by now: looked at anew with the next finding
    if (damage === undefined && !isHeld) return undefined
    let problem = damage
    const entries: SealedEntry[] = []
    for (const line of lines) {
      const { epoch, seq } = chain.head
      const wrong = problem === undefined ? chain.add(line) : undefined
      if (wrong !== undefined)
        problem = `What follows ${epoch}-${seq} in the store is not of a log: ${wrong}.`
      else entries.push(chain.last as SealedEntry)
    }
    problem ??= branch.add(entries) ?? (lines.length === 0 ? notSigned(branch.end()) : undefined)
    if (problem !== undefined) return { why: problem, mark, highest }
    if (lines.length === 0) return undefined
  }
}

const notSigned = (problem: string | undefined): string | undefined =>
  problem && `The log in the store is on a branch that nobody signed: ${problem}.`
