// Taking holds without an incident under one: kill first, declare later. The kills that put them then count as its own.

import type { Warning } from '../wire/hold.js'
import type { Runbook } from '../wire/runbook.js'
import type { Draft } from './audit.js'
import { toSecond } from './clock.js'
import { by, KillswitchError } from './errors.js'
import type { Verdict } from './flip.js'
import type { Hold } from './hold.js'
import {
  type DeclareCommand,
  decideDeclare,
  draft,
  type IncidentCommand,
  incidentOf,
  mayWork,
  ruled,
} from './incident-rules.js'
import { nearKeys, unknownFlag } from './near-key.js'
import type { FlagState, State } from './state.js'

/** `true`: every one on the flags the incident's runbook is about. Flags by name: every one on those, whoever's they are. */
export type Adopt = true | readonly string[]
export type AdoptCommand = IncidentCommand & { adopt: Adopt; runbook: Runbook | undefined }

/** Strict: a flag that is named has a hold to adopt, or is this incident's already. With `true`, nothing is `unchanged`. */
export function decideAdopt(state: State, command: AdoptCommand, now: number): Verdict {
  return ruled(command, 'incident.adopted', now, () => {
    mayWork(command.actor, 'adopt holds')
    const incident = incidentOf(state, command.incident)
    if (incident.resolved !== undefined)
      throw new KillswitchError(
        'incident-resolved',
        `${incident.id} was resolved at ${toSecond(incident.resolved.at)}, and takes no more holds.`,
        { incident: incident.id, wayOut: [by('Declare a new incident.')] },
      )
    if (command.adopt !== true) for (const key of command.adopt) assertAdoptable(state, key, incident.id)
    return [adoptDraft(state, command, now)]
  })
}

/** A declaration is never refused for what it cannot adopt: that is a warning. */
export function decideDeclareAndAdopt(
  state: State,
  command: DeclareCommand & { adopt?: Adopt },
  now: number,
): Verdict {
  const verdict = decideDeclare(state, command, now)
  const incident = verdict.drafts[0]?.incident
  if (command.adopt === undefined || verdict.refusal !== undefined || incident === undefined) return verdict
  const adopted = adoptDraft(state, { ...command, incident, adopt: command.adopt }, now)
  const warnings = command.adopt === true ? [] : command.adopt.flatMap(key => warningOf(state, key))
  const [declared] = verdict.drafts as [Draft]
  const told = warnings.length > 0 ? { ...declared, warnings } : declared
  return { drafts: adopted.outcome === 'applied' ? [told, adopted] : [told] }
}

/** The holds on a flag that no incident has. */
export const orphansOf = (flag: FlagState | undefined): Hold[] =>
  flag?.holds.filter(hold => hold.incident === undefined) ?? []

/** Whether a runbook is about a flag: one of its steps acts on it, or the flag's application is worked by it. */
function isAbout(state: State, runbook: Runbook, { definition }: FlagState): boolean {
  const application = state.catalogue?.applications.find(each => each.id === definition.application)
  return (
    application?.runbook === runbook.id ||
    runbook.steps.some(step => step.flagActions.some(action => action.flag === definition.key))
  )
}

function adoptDraft(state: State, { adopt, runbook, ...command }: AdoptCommand, now: number): Draft {
  const flags =
    adopt === true
      ? [...state.flags.values()].filter(flag => runbook !== undefined && isAbout(state, runbook, flag))
      : [...new Set(adopt)].flatMap(key => state.flags.get(key) ?? [])
  const adopted = flags.flatMap(flag =>
    orphansOf(flag).map(hold => ({ flag: flag.definition.key, hold: hold.id })),
  )
  const { incident, actor, request, reason } = command
  const plain = { incident, actor, request, ...(reason === undefined ? {} : { reason }) }
  return {
    ...draft(plain, 'incident.adopted', now),
    outcome: adopted.length > 0 ? 'applied' : 'unchanged',
    flags: [...new Set(adopted.map(each => each.flag))],
    adopted,
  }
}

function assertAdoptable(state: State, key: string, incident: string): void {
  const flag = state.flags.get(key)
  if (flag === undefined) throw unknownFlag(state.flags, key)
  if (orphansOf(flag).length > 0 || flag.holds.some(hold => hold.incident === incident)) return
  throw new KillswitchError('nothing-to-adopt', nothingOn(flag), { flag: key })
}

function warningOf(state: State, key: string): Warning[] {
  const flag = state.flags.get(key)
  if (orphansOf(flag).length > 0) return []
  if (flag !== undefined) return [{ code: 'nothing-to-adopt', detail: nothingOn(flag) }]
  const near = [...nearKeys(state.flags, key)]
  const detail = `There is no flag "${key}".`
  return [{ code: 'nothing-to-adopt', detail, ...(near.length > 0 ? { near } : {}) }]
}

function nothingOn({ definition: { key }, holds }: FlagState): string {
  if (holds.length === 0) return `${key} is not killed: there is no hold to adopt.`
  const others = [...new Set(holds.map(hold => hold.incident))].join(', ')
  return `Every hold on ${key} has its incident (${others}): one incident takes no hold from another.`
}
