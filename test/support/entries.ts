// Builds valid chains of entries. Seeded: the same seed gives the same bytes on every machine.

import { toTimestamp } from '../../src/domain/clock.js'
import { type Draft, hashLine, type SealedEntry, seal } from '../../src/domain/log/audit.js'
import { type ChainHead, NO_ENTRY } from '../../src/domain/log/chain.js'

const START = Date.parse('2026-11-20T03:00:00.000Z')
const FLAGS = ['ai_v1', 'kyc_v1', 'pilot.enabled', 'chat.degraded-mode', 'bridge.intake', 'inflow.llm']
const ACTORS = ['ana', 'bo', 'chidi', 'dana']
const ROLES = ['operator', 'engineer', 'coordinator'] as const
const RUNBOOKS = ['trustflow', 'pilot', 'chat-assistant']
const WORDS = ['provider', 'timeout', 'errors', 'Latenz', 'ÄRGER', '5xx', 'rising', 'again', 'SEV-1', '障害']

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One draft out of a seed's numbers: kills, restores and step runs, some refused, some off the runbook. */
export function draftFrom(random: () => number, index: number): Draft {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const at = toTimestamp(START + index * 1000 - Math.floor(random() * 3000))
  const runbook = pick(RUNBOOKS)
  const ordinal = 1 + Math.floor(random() * 4)
  const isRun = random() < 0.15
  const draft: Draft = {
    receivedAt: at,
    action: isRun ? 'step.run' : pick(['kill', 'restore']),
    outcome: pick(['applied', 'applied', 'unchanged', 'refused']),
    actor: { id: pick(ACTORS), role: pick(ROLES), via: 'api' },
    reason: [pick(WORDS), pick(WORDS), pick(WORDS)].join(' '),
    request: { id: `r${index}`, key: `k${index}`, digest: hashLine(String(index)), ip: '192.0.2.7' },
  }
  if (isRun) draft.flags = [pick(FLAGS), pick(FLAGS)]
  else draft.flag = pick(FLAGS)
  if (random() < 0.5) draft.incident = `INC-${1 + Math.floor(random() * 20)}`
  if (random() < 0.2) draft.offRunbook = true
  if (random() < 0.7) {
    draft.runbook = { id: runbook, digest: hashLine(runbook) }
    const id = `${runbook}/ai-instability/${ordinal}`
    draft.step = { id, code: hashLine(id).replace(/\d/g, '').slice(0, 5), text: 'Disable it', line: ordinal }
  }
  return draft
}

export type ChainOptions = {
  count: number
  seed?: number
  /** Goes on after this head. */
  after?: ChainHead
  /** Overrides parts of each draft. */
  with?: (draft: Draft, index: number) => Draft
}

export function chainOf({ count, seed = 1, after = NO_ENTRY, with: change }: ChainOptions): SealedEntry[] {
  const random = randomFrom(seed + after.seq)
  const entries: SealedEntry[] = []
  let head = after
  for (let index = after.seq; entries.length < count; index++) {
    const draft = draftFrom(random, index)
    const sealed = seal(change ? change(draft, index) : draft, head, 'test')
    entries.push(sealed)
    head = headOf(sealed)
  }
  return entries
}

export const headOf = ({ entry, hash }: SealedEntry): ChainHead => ({
  epoch: entry.epoch,
  seq: entry.seq,
  hash,
  at: entry.at,
})
