// A log as people make it under pressure: kills under right and wrong names, drills, adoptions, proofs, restores too early,
// closes by force, refusals. Made by the rules themselves; the same seed gives the same log.

import { toTimestamp } from '../../src/domain/clock.js'
import { decideDrill } from '../../src/domain/flip/drill.js'
import { decideRestore, type StepClaim, type Verdict } from '../../src/domain/flip/flip.js'
import { decideKill } from '../../src/domain/flip/kill.js'
import { decideAdopt, decideDeclareAndAdopt } from '../../src/domain/incident/adopt.js'
import { decideReopen, decideResolve } from '../../src/domain/incident/resolve.js'
import { decideChange, decideNote } from '../../src/domain/incident/rules.js'
import { type Entry, isProvable, placeOf, type SealedEntry, seal } from '../../src/domain/log/audit.js'
import { fold, INITIAL, type State } from '../../src/domain/state.js'
import { aCatalogue, aFlag, anActor, killOf, loaded, NOW, noStep } from './domain.js'
import { randomFrom } from './entries.js'
import { aRunbook } from './incidents.js'

export const FLAGS = ['ai_v1', 'kyc_v1', 'inflow.llm', 'bridge.intake']
export const INCIDENTS = ['INC-1', 'INC-2', 'INC-3', 'INC-4', 'INC-1O', 'INC-2O']
export const ACTORS = ['ana', 'bo', 'chidi']
export const IPS = ['192.0.2.7', '192.0.2.8', '2001:db8::1']
export const SEVERITIES = ['SEV-1', 'SEV-2', 'SEV-3']
export const APPLICATIONS = ['trustflow', 'inflow']
export const applicationOf = (flag: string): string => (/[.]/.test(flag) ? 'inflow' : 'trustflow')

const runbook = aRunbook({
  waits: [{ text: 'Wait 15 minutes, then enable', minutes: 15, line: 9, guards: ['ai_v1', 'kyc_v1'] }],
})
const step = (ordinal: number): StepClaim => ({
  runbook: { id: 'trustflow', digest: 'd' },
  step: {
    id: `trustflow/ai-instability/${ordinal}`,
    code: `step${'abcd'[ordinal]}`,
    text: 'Disable it',
    line: ordinal,
  },
  offRunbook: false,
  warnings: [],
})

export function longStory(count: number, seed: number): SealedEntry[] {
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const isSo = (chance: number) => random() < chance
  const entries: SealedEntry[] = []
  let state: State = INITIAL
  let now = NOW
  const write = ({ drafts }: Pick<Verdict, 'drafts'>) => {
    for (const draft of drafts) {
      const sealed = seal(draft, state.head, 'test')
      state = fold(state, sealed)
      entries.push(sealed)
    }
  }
  const definitions = FLAGS.map(key => aFlag(key, { application: applicationOf(key) }))
  write({ drafts: [loaded(aCatalogue(...definitions))] })

  const common = () => ({
    actor: anActor(pick(['operator', 'engineer', 'coordinator'] as const), pick(ACTORS)),
    request: {
      id: `r${entries.length}`,
      key: `k${entries.length}`,
      digest: 'd',
      ...(isSo(0.9) ? { ip: pick(IPS) } : {}),
    },
  })
  const reason = () =>
    isSo(0.7) ? { reason: pick(['provider timeout', 'Disable it', 'errors again', '障害']) } : {}
  const incident = () => (isSo(0.7) ? { incident: pick(INCIDENTS) } : {})
  const claim = () => (isSo(0.6) ? step(1 + Math.floor(random() * 3)) : noStep)
  const kill = () => {
    const flags = isSo(0.2) ? [pick(FLAGS), pick(FLAGS)] : [pick(FLAGS)]
    const given = { ...common(), ...reason(), ...incident(), claim: claim(), now }
    return decideKill(
      state,
      killOf(flags[0] as string, { ...given, ...(flags.length > 1 ? { flags: [...new Set(flags)] } : {}) }),
    )
  }
  const restore = () => {
    const killed = [...state.flags.values()].filter(({ holds }) => holds.length > 0)
    const flag = killed.length > 0 && isSo(0.9) ? pick(killed).definition.key : pick(FLAGS)
    const holds = state.flags.get(flag)?.holds ?? []
    const hold = holds.length > 0 ? pick(holds) : undefined
    const which = pick([{ all: true }, hold ? { hold: hold.id } : { all: true }, { undo: true }])
    const who = common()
    return decideRestore(
      state,
      {
        ...who,
        ...(isSo(0.5) && hold ? { actor: { ...who.actor, id: hold.actor } } : {}),
        ...{
          flag,
          claim: claim(),
          present: holds.map(each => each.id),
          reason: pick(['well', 'Disable it']),
        },
        ...which,
        recovery: { passed: ({ at }) => now - Date.parse(at), runbookOf: () => runbook },
      },
      now,
    )
  }
  const declare = () =>
    decideDeclareAndAdopt(
      state,
      {
        ...common(),
        ...{ title: 'It burns', incident: pick(INCIDENTS.slice(0, 4)) },
        ...(isSo(0.7) ? { runbook } : {}),
        ...(isSo(0.6) ? { severity: pick(SEVERITIES) } : {}),
        ...(isSo(0.4) ? { drill: true } : {}),
        ...(isSo(0.5) ? { adopt: isSo(0.5) ? true : [pick(FLAGS)] } : {}),
      },
      now,
    )
  const adopt = () =>
    decideAdopt(
      state,
      {
        ...common(),
        ...{ incident: pick(INCIDENTS.slice(0, 4)), runbook },
        ...(isSo(0.6) ? { from: pick(INCIDENTS) } : { adopt: isSo(0.5) ? true : [pick(FLAGS)] }),
      },
      now,
    )
  const change = () =>
    decideChange(
      state,
      { ...common(), incident: pick(INCIDENTS), change: { severity: pick(SEVERITIES) }, runbook },
      now,
    )
  const note = () =>
    decideNote(
      state,
      {
        ...common(),
        incident: pick(INCIDENTS),
        note: { kind: pick(['progress', 'recovered', 'cause'] as const), text: 'so it is' },
      },
      now,
    )
  const close = () => {
    const asked = { ...common(), incident: pick(INCIDENTS), leave: [], force: isSo(0.5), reason: 'done' }
    return decideResolve(state, { ...asked, runbook: undefined }, now)
  }
  const reopen = () => decideReopen(state, { ...common(), incident: pick(INCIDENTS) }, now)
  const drill = () => decideDrill(state, { ...common(), flag: pick(FLAGS) }, now)
  const acts = [kill, kill, kill, kill, restore, restore, declare, adopt, change, note, close, reopen, drill]

  while (entries.length < count) {
    now += Math.floor(random() * 3_600_000 * 4)
    if (isSo(0.2)) {
      const flip = pick(entries).entry
      if (isProvable(flip) && flip.outcome === 'applied') write({ drafts: [proofOf(flip, now, isSo(0.6))] })
    } else write(pick(acts)())
  }
  return entries.slice(0, count)
}

/** As fleet/confirmations.ts writes it. */
function proofOf(flip: Entry, now: number, complete: boolean): Verdict['drafts'][number] {
  const { flag, application, label, incident } = flip
  const about = Object.entries({ flag, application, label, incident }).filter(
    ([, value]) => value !== undefined,
  )
  const place = placeOf(flip)
  return {
    action: complete ? 'flip.confirmed' : 'flip.unconfirmed',
    outcome: 'applied',
    actor: { id: 'killswitch', role: 'owner', via: 'service' },
    receivedAt: toTimestamp(now),
    ...Object.fromEntries(about),
    confirmed: {
      ...{ flip: place, complete, applied: 2, pending: complete ? [] : ['a'], lost: [], served: 0 },
      ...(place % 3 === 0 ? {} : { firstMs: 40, lastMs: 100 + (place % 50) }),
    },
    request: { id: 'p', key: `p${place}`, digest: 'd' },
  }
}
