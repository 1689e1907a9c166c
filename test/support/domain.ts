// Flags, actors and catalogues for tests, with only what a test cares about to be said.

import { createHash } from 'node:crypto'
import type { Actor } from '../../src/domain/actor.js'
import type { RequestInfo, StepClaim, Verdict } from '../../src/domain/flip/flip.js'
import type { Kill } from '../../src/domain/flip/kill.js'
import { type Draft, type SealedEntry, seal } from '../../src/domain/log/audit.js'
import { fold, INITIAL, type State } from '../../src/domain/state.js'
import type { CatalogueDocument, FlagDefinition } from '../../src/wire/catalogue.js'
import type { Role } from '../../src/wire/words.js'

export const NOW = Date.parse('2026-11-20T03:00:00.000Z')
export const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString()

export const aFlag = (key: string, given: Partial<FlagDefinition> = {}): FlagDefinition => ({
  key,
  application: 'trustflow',
  variants: { on: true, off: false },
  defaultVariant: 'on',
  killVariant: 'off',
  description: `${key} protects`,
  owner: 'team',
  effect: 'new requests are refused',
  killLabel: `Turn ${key} off`,
  restoreLabel: `Turn ${key} on`,
  killRole: 'operator',
  restoreRole: 'engineer',
  onStale: 'keep',
  metadata: {},
  ...given,
})

export const anActor = (role: Role, id: string = role, given: Partial<Actor> = {}): Actor => ({
  id,
  role,
  via: 'api',
  ...given,
})

export const aCatalogue = (...flags: FlagDefinition[]): CatalogueDocument => ({
  digest: createHash('sha256').update(JSON.stringify(flags)).digest('hex'),
  applications: [{ id: 'trustflow', name: 'TrustFlow' }],
  flags,
  links: [],
  runbooks: [],
})

let count = 0
export const aRequest = (key = `key-${++count}`): RequestInfo => ({
  id: `request-${key}`,
  key,
  digest: 'digest',
})
export const noStep: StepClaim = { offRunbook: true, warnings: [] }

export const loaded = (catalogue: CatalogueDocument, seconds = 0): Draft => ({
  action: 'catalogue.loaded',
  outcome: 'applied',
  actor: { id: 'killswitch', role: 'owner', via: 'service' },
  receivedAt: at(seconds),
  catalogue,
  request: aRequest(),
})

/** A kill of one flag off the runbook, or with `flags` a step run of several. */
export const killOf = (
  flag: string,
  { now = NOW, ...given }: Partial<Kill> & { now?: number } = {},
): Kill => ({
  v: 1,
  action: given.flags === undefined ? 'kill' : 'step.run',
  flags: [flag],
  receivedAt: new Date(now).toISOString(),
  actor: anActor('operator'),
  claim: noStep,
  request: aRequest(),
  ...given,
})

/** The state after the drafts, and their entries. */
export function after(state: State, ...drafts: Draft[]): { state: State; entries: SealedEntry[] } {
  const entries: SealedEntry[] = []
  let next = state
  for (const draft of drafts) {
    const sealed = seal(draft, next.head, 'test')
    next = fold(next, sealed)
    entries.push(sealed)
  }
  return { state: next, entries }
}

export const applied = (state: State, verdict: Verdict): State => after(state, ...verdict.drafts).state

/** A state whose catalogue has the flags given. */
export const stateWith = (...flags: FlagDefinition[]): State =>
  after(INITIAL, loaded(aCatalogue(...flags))).state
