// Writes a whole log, line for line, into a store that has none: the way from one machine to Redis and back, and from a
// backup. Never writes into a log that is there.

import { by, KillswitchError } from '../../domain/errors.js'
import { EMPTY, type Head, open, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { fold, INITIAL, type State } from '../../domain/state.js'
import type { Store } from '../stores/store.js'
import { changedFlags } from './stored-flags.js'

type Portions = AsyncIterable<{ lines: readonly Buffer[] }>

/** Lines in one write; a command to Redis has 400 ms. */
const LINES = 200
const BYTES = 256 * 1024
const TRIES = 20
const PATIENCE_MS = 3_000

/** See `Submit.lines`. */
export async function writeLines(
  store: Store,
  portions: Portions,
  onWritten: (entries: number) => void,
): Promise<Head> {
  assertEmpty(await store.head(), store.where)
  let [head, written]: [Head, number] = [EMPTY, 0]
  for await (const { entries, before, after } of batchesOf(portions)) {
    head = await put(store, head, entries, changedFlags(before, after))
    written += entries.length
    onWritten(written)
  }
  return head
}

/**
 * As lines that were lost are put back: no server vouches for them, so that whoever writes next opens an epoch. An answer
 * that was lost is asked for again: the head is compared, so nothing is written twice.
 */
async function put(
  store: Store,
  expectedHead: Head,
  entries: readonly SealedEntry[],
  flags: Map<string, string | null>,
): Promise<Head> {
  const last = headOf(entries.at(-1)!)
  for (let tried = 1; ; tried++) {
    try {
      const { outcome } = await store.commit({ expectedHead, entries, flags, mode: 'restore' })
      if (outcome === 'committed') return last
      const found = await store.head()
      if (found.hash === last.hash) return last
      throw present(found, 'it: somebody else has begun to write there. What was imported until then')
    } catch (error) {
      const isLate = error instanceof KillswitchError && error.code === 'outcome-unknown'
      if (!isLate || tried === TRIES) throw error
      await store.whenReady(PATIENCE_MS)
    }
  }
}

type Batch = { entries: SealedEntry[]; before: State; after: State }

async function* batchesOf(portions: Portions): AsyncGenerator<Batch> {
  let before = INITIAL
  let after = before
  let entries: SealedEntry[] = []
  let bytes = 0
  for await (const { lines } of portions)
    for (const line of lines) {
      if (entries.length === LINES || (entries.length > 0 && bytes + line.length > BYTES)) {
        yield { entries, before, after }
        before = after
        entries = []
        bytes = 0
      }
      const sealed = open(line.toString())
      after = fold(after, sealed)
      entries.push(sealed)
      bytes += line.length
    }
  if (entries.length > 0) yield { entries, before, after }
}

const headOf = ({ entry: { epoch, seq }, hash }: SealedEntry): Head => ({ epoch, seq, hash })

function assertEmpty(head: Head, where: string): void {
  if (placeOf(head) > 0) throw present(head, where)
}

const present = ({ epoch, seq, hash }: Head, where: string): KillswitchError =>
  new KillswitchError(
    'log-present',
    `There is a log in ${where} already: ${seq} entries, up to ${epoch}-${seq} (hash ${hash.slice(0, 16)}). An import is for an empty store only.`,
    { entries: seq, head: { epoch, seq, hash }, wayOut: [by('Move that one aside, or name another.')] },
  )
