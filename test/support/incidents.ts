// Runbooks, declarations and notes for tests of incidents, with only what a test cares about to be said.

import { decideRestore, type StepClaim, type Verdict } from '../../src/domain/flip/flip.js'
import { decideKill } from '../../src/domain/flip/kill.js'
import { type Adopt, decideAdopt, decideDeclareAndAdopt } from '../../src/domain/incident/adopt.js'
import type { Incident } from '../../src/domain/incident/incident.js'
import { decideReopen, decideResolve, type ResolveCommand } from '../../src/domain/incident/resolve.js'
import { decideChange, decideNote } from '../../src/domain/incident/rules.js'
import { type Entry, type SealedEntry, seal } from '../../src/domain/log/audit.js'
import { fold, type State } from '../../src/domain/state.js'
import type { Note } from '../../src/wire/entry.js'
import type { Runbook, Step } from '../../src/wire/runbook.js'
import { anActor, aRequest, killOf, NOW, noStep } from './domain.js'

export const aRunbook = (given: Partial<Runbook> = {}): Runbook => ({
  id: 'trustflow',
  title: 'TrustFlow',
  digest: 'd'.repeat(64),
  lines: 100,
  sections: [],
  steps: [],
  severities: ['SEV-1', 'SEV-2', 'SEV-3'].map((level, index) => ({ level, line: 10 + index })),
  escalations: [],
  contacts: [],
  timeBoxes: [],
  waits: [],
  updateCadences: [],
  messageTemplates: [],
  leftOut: {},
  findings: [],
  ...given,
})

export const aStep = (given: Partial<Step> = {}): Step => ({
  id: 'trustflow/first/1',
  code: 'abcde',
  text: 'Disable ai_v1',
  line: 20,
  headingPath: ['First'],
  ordinal: '1',
  kind: 'ordered',
  flagActions: [
    { flag: 'ai_v1', variant: 'off', value: false, direction: 'kill', line: 20, confidence: 'high' },
  ],
  ...given,
})

const operator = anActor('operator', 'olga')
const engineer = anActor('engineer', 'emil')

/** A log that grows by verdicts, minutes after NOW; a refusal is thrown. */
export class Story {
  state: State
  readonly entries: SealedEntry[] = []
  readonly runbook: Runbook

  constructor(state: State, runbook = aRunbook()) {
    this.state = state
    this.runbook = runbook
  }

  take(decide: (now: number) => Verdict, minutes: number): Entry[] {
    const verdict = decide(NOW + minutes * 60_000)
    if (verdict.refusal) throw verdict.refusal
    return verdict.drafts.map(draft => {
      const sealed = seal(draft, this.state.head, 'test')
      this.entries.push(sealed)
      this.state = fold(this.state, sealed)
      return sealed.entry
    })
  }

  kill(flag: string, incident?: string, minutes = 0, actor = operator, claim: StepClaim = noStep): Entry[] {
    return this.take(
      now =>
        decideKill(
          this.state,
          killOf(flag, { actor, claim, reason: 'it burns', now, ...(incident ? { incident } : {}) }),
        ),
      minutes,
    )
  }

  restore(
    flag: string,
    named: { incident?: string; hold?: string; all?: true; undo?: true },
    minutes = 0,
    actor = engineer,
  ): Entry[] {
    const present = this.state.flags.get(flag)?.holds.map(hold => hold.id) ?? []
    const passed = ({ at }: { at: string }) => NOW + minutes * 60_000 - Date.parse(at)
    const recovery = { passed, runbookOf: () => this.runbook }
    const papers = { request: aRequest(), claim: noStep, reason: 'well', present, recovery }
    const command = { flag, actor, ...papers }
    return this.take(now => decideRestore(this.state, { ...command, ...named }, now), minutes)
  }

  declare(
    given: { id?: string; severity?: string; adopt?: Adopt; commander?: string } = {},
    minutes = 0,
    actor = operator,
  ): Entry[] {
    const { id = 'INC-1', severity = 'SEV-1', adopt, commander } = given
    const command = {
      actor,
      request: aRequest(),
      title: 'It burns',
      runbook: this.runbook,
      incident: id,
      severity,
    }
    const asked = { ...command, ...(adopt ? { adopt } : {}), ...(commander ? { commander } : {}) }
    return this.take(now => decideDeclareAndAdopt(this.state, asked, now), minutes)
  }

  /** Without runbook and severity. */
  declareBare(id = 'INC-1', minutes = 0): Entry[] {
    const command = { actor: operator, request: aRequest(), title: 'It burns', incident: id }
    return this.take(now => decideDeclareAndAdopt(this.state, command, now), minutes)
  }

  note(kind: Note['kind'], minutes = 0, incident = 'INC-1', to?: string, text: string = kind): Entry[] {
    const note = { kind, text, ...(to === undefined ? {} : { to }) }
    const command = { actor: operator, request: aRequest(), incident, note }
    return this.take(now => decideNote(this.state, command, now), minutes)
  }

  change(change: Parameters<typeof decideChange>[1]['change'], minutes = 0, newRunbook?: Runbook): Entry[] {
    const own = this.incident.runbook === undefined ? undefined : this.runbook
    const command = { actor: operator, request: aRequest(), incident: 'INC-1', change, runbook: own }
    return this.take(
      now => decideChange(this.state, newRunbook ? { ...command, newRunbook } : command, now),
      minutes,
    )
  }

  adopt(
    asked: Adopt | { from: string; adopt?: Adopt },
    incident = 'INC-1',
    minutes = 0,
    actor = operator,
  ): Entry[] {
    const named = typeof asked === 'object' && 'from' in asked ? asked : { adopt: asked }
    const command = { actor, request: aRequest(), incident, runbook: this.runbook, ...named }
    return this.take(now => decideAdopt(this.state, command, now), minutes)
  }

  resolve(given: Partial<ResolveCommand> = {}, minutes = 0): Entry[] {
    const command = { actor: operator, request: aRequest(), incident: 'INC-1', leave: [], force: false }
    return this.take(
      now => decideResolve(this.state, { ...command, runbook: this.runbook, ...given }, now),
      minutes,
    )
  }

  reopen(incident = 'INC-1', minutes = 0): Entry[] {
    const command = { actor: operator, request: aRequest(), incident }
    return this.take(now => decideReopen(this.state, command, now), minutes)
  }

  get incident(): Incident {
    return this.state.incidents.get('INC-1') as Incident
  }
}
