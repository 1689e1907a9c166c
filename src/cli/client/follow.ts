// The log as it grows, entry by entry, each once and in order, over every outage of the service.

import { setTimeout as pause } from 'node:timers/promises'
import type { AuditPage } from '../../wire/audit.js'
import type { ListedEntry } from '../../wire/entry.js'
import type { Position } from '../log/cursor-file.js'
import { type FilterOptions, filterQuery } from '../log/filter.js'
import { RefusedError, UnreachableError } from '../plumbing/exit.js'
import type { Client } from './client.js'

const HELD_SECONDS = 30
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 15_000

type Following = {
  filter: FilterOptions
  /** Entries after this one. */
  start: Position
  signal: AbortSignal
  onTrouble: (words: string) => void
}

/**
 * Where the log is now, or so many matching entries before. A position is a place and its time: any instance can go on
 * from it, whichever filters are asked for.
 */
export async function placeNow(
  client: Client,
  filter: FilterOptions,
  last: number | 'start',
): Promise<Position> {
  if (last === 'start') return { place: -1 }
  const newest = await client.get<AuditPage>('/v1/audit?limit=1')
  const [head] = newest.body.entries
  if (last === 0) return head ? { place: head.place, at: head.at } : { place: -1 }
  const { body } = await client.get<AuditPage>(
    `/v1/audit${filterQuery(filter, { limit: Math.min(last, 500) })}`,
  )
  const first = body.entries.at(-1)
  if (first) return { place: first.place - 1, at: first.at }
  return head ? { place: head.place, at: head.at } : { place: -1 }
}

/** The entries as they were sent. Ends when the signal says so. Throws only for what waiting cannot mend: a refusal. */
export async function* follow(
  client: Client,
  { filter, start, signal, onTrouble }: Following,
): AsyncGenerator<ListedEntry> {
  let position = start
  let cursor: string | undefined
  let since = later(filter.since, start.at)
  let waitMs = FIRST_PAUSE_MS
  while (!signal.aborted) {
    try {
      // a cursor belongs to its question: `since` moves on only where a new one is begun
      if (cursor === undefined) since = later(filter.since, position.at)
      const query = queryAfter(filter, since, cursor)
      const asked = client.get<AuditPage>(`/v1/audit${query}`, { waitSeconds: HELD_SECONDS, signal })
      const { sent } = await asked
      if (waitMs > FIRST_PAUSE_MS) onTrouble('Killswitch answers again.')
      waitMs = FIRST_PAUSE_MS
      for (const entry of sent.entries) {
        if (entry.place <= position.place) continue
        yield entry
        position = { place: entry.place, at: entry.at }
        if (signal.aborted) return
      }
      cursor = sent.next
    } catch (error) {
      if (signal.aborted) return
      if (!isPassing(error)) throw error
      onTrouble(`${(error as Error).message} Trying again in ${waitMs / 1000} s.`)
      await pause(waitMs, undefined, { signal }).catch(() => {})
      waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS)
      cursor = undefined
    }
  }
}

function queryAfter(filter: FilterOptions, since: string | undefined, cursor: string | undefined): string {
  const paging = { order: 'oldest' as const, limit: 100, ...(cursor === undefined ? {} : { cursor }) }
  return filterQuery({ ...filter, ...(since === undefined ? {} : { since }) }, paging)
}

/** `at` never falls along the log, so the time of the last entry is where to look; its place is what counts. */
function later(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Date.parse(one) > Date.parse(other) ? one : other
}

const isPassing = (error: unknown): boolean =>
  error instanceof UnreachableError ||
  (error instanceof RefusedError && (error.problem.status >= 500 || error.problem.status === 429))
