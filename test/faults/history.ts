// What a run of the harness remembers: every request with its answer, and every state that an observer came to. Written
// as things happen, and judged afterwards by check.ts alone.

import { createHash } from 'node:crypto'
import type { Mend } from './mends.js'

/** One try of an operation. `status` 0: no answer came (the connection broke, or nothing came in time). */
export type Attempt = {
  instance: number
  sentMs: number
  answeredMs: number
  status: number
  code?: string
  durability?: string
  outcome?: string
  replayed?: boolean
  /** What it said was proved. */
  proof?: { status: string; served: number }
  /** Of its entry, and the log it is in; absent while provisional. */
  place?: number
  /** The instance was up, neither stopped nor killed, from before it was sent until it was answered. */
  wasUp: boolean
  /** The faults in force when it was sent. */
  during: string
}

/** A kill or restore under one idempotency key, with its tries. Of one flag and incident they are sent one by one. */
export type Operation = {
  kind: 'kill' | 'restore'
  actor: string
  key: string
  flag: string
  incident: string
  /** The highest place its writer had been told of before. */
  seen: number
  attempts: Attempt[]
}

/** An observer's flag came to be killed or normal; `holds` as known before and after. */
export type Sight = {
  observer: number
  atMs: number
  flag: string
  killed: boolean
  before: string[]
  after: string[]
  revision: number
  /** It came up from its cache file just then. */
  restarted?: boolean
}

export type History = { operations: Operation[]; sights: Sight[]; mends: Mend[] }

export const newHistory = (): History => ({ operations: [], sights: [], mends: [] })

/** The hold that a kill puts, worked out here by the documented rule and by no code of the service. */
export const holdOf = ({ actor, key, flag }: Operation): string =>
  createHash('sha256').update(`${actor}\n${key}\n${flag}`).digest('hex').slice(0, 10)

export type Fate = 'acknowledged' | 'failed' | 'unknown'

/** What the caller may believe: any 200 is an acknowledgement, and only answers that promise so are failures. */
export function fateOf({ attempts }: Operation): Fate {
  if (attempts.some(({ status }) => status === 200)) return 'acknowledged'
  const isCertain = ({ status }: Attempt) => status >= 400 && status !== 504 && status !== 500
  return attempts.every(isCertain) ? 'failed' : 'unknown'
}

export const sentAt = ({ attempts }: Operation): number => attempts[0]?.sentMs ?? Number.POSITIVE_INFINITY
export const acknowledgedAt = ({ attempts }: Operation): number =>
  attempts.find(({ status }) => status === 200)?.answeredMs ?? Number.POSITIVE_INFINITY
