// Taking holds under an incident: kill first, declare later, and the way back from a slip of the pen. The kills that put
// the holds then count as its own, and the entry says where they come from.

import type { Adopted } from '../../wire/entry.js'
import type { Warning } from '../../wire/hold.js'
import type { Runbook } from '../../wire/runbook.js'
import type { Role } from '../../wire/words.js'
import { reaches } from '../actor.js'
import { nearKeys, unknownFlag } from '../catalogue/near-key.js'
import { toSecond } from '../clock.js'
import { badInput, by, byCall, bySending, KillswitchError } from '../errors.js'
import { forbidden, type Verdict } from '../flip/flip.js'
import { type Hold, holdsOf } from '../flip/hold.js'
import type { Draft } from '../log/audit.js'
import type { FlagState, State } from '../state.js'
import { isOpen } from './incident.js'
import {
  type DeclareCommand,
  decideDeclare,
  draft,
  type IncidentCommand,
  incidentOf,
  mayWork,
  ruled,
  unknownIncident,
} from './rules.js'
import { adoptFrom, nearUndeclared, reopening } from './warnings.js'

/** `true`: every one of no incident, on the flags the incident's runbook is about. Flags by name: those on them. */
export type Adopt = true | readonly string[]
export type AdoptCommand = IncidentCommand & {
  adopt?: Adopt
  /** Of this incident alone; without `adopt` all that it holds. */
  from?: string
  runbook: Runbook | undefined
}
type Asked = Omit<AdoptCommand, 'runbook'> & { runbook?: Runbook | undefined }

/** Strict: what is named has a hold to adopt, or is this incident's already. With `true`, nothing is `unchanged`. */
export function decideAdopt(state: State, command: AdoptCommand, now: number): Verdict {
  return ruled(command, 'incident.adopted', now, () => {
    mayWork(command.actor, 'adopt holds')
    const incident = incidentOf(state, command.incident)
    if (incident.resolved !== undefined)
      throw new KillswitchError(
        'incident-resolved',
        `${incident.id} was resolved at ${toSecond(incident.resolved.at)}, and takes no more holds.`,
        { incident: incident.id, wayOut: [reopening(incident.id), by('Or declare a new incident.')] },
      )
    const { adopt, from } = command
    if (adopt === undefined && from === undefined)
      throw badInput(
        { in: 'body', path: 'body', rule: 'anyOf', problem: 'names nothing to adopt' },
        'Say what to adopt.',
        bySending({ adopt: true }),
        bySending({ from: '' }, 'Or of one incident'),
      )
    if (from !== undefined) assertSource(state, command, from)
    if (Array.isArray(adopt)) for (const key of adopt) assertAdoptable(state, command, key)
    const adopted = adoptDraft(state, command, now)
    const warnings = adopt === true ? warningsAfter(state, command, adopted) : []
    return [warnings.length > 0 ? { ...adopted, warnings } : adopted]
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
  if (verdict.refusal !== undefined || incident === undefined) return verdict
  const asked = { ...command, incident, runbook: command.runbook }
  const adopted = command.adopt === undefined ? undefined : adoptDraft(state, asked, now)
  const warnings = [
    ...(Array.isArray(command.adopt) ? command.adopt.flatMap(key => warningOf(state, asked, key)) : []),
    ...warningsAfter(state, asked, adopted),
  ]
  const [declared] = verdict.drafts as [Draft]
  const told = warnings.length > 0 ? { ...declared, warnings } : declared
  return { drafts: adopted?.outcome === 'applied' ? [told, adopted] : [told] }
}

/** The holds on a flag that no incident has. */
export const orphansOf = (flag: FlagState | undefined): Hold[] =>
  flag?.holds.filter(hold => hold.incident === undefined) ?? []

/** Whether a runbook is about a flag: one of its steps acts on it, or the flag's application is worked by it. */
export function isAbout(
  state: Pick<State, 'catalogue'>,
  runbook: Runbook,
  { definition }: FlagState,
): boolean {
  const application = state.catalogue?.applications.find(each => each.id === definition.application)
  return (
    application?.runbook === runbook.id ||
    runbook.steps.some(step => step.flagActions.some(action => action.flag === definition.key))
  )
}

/** Who may take a hold from where it is; undefined where an open incident keeps it, or this one has it. */
function neededFor(state: State, { incident }: Hold): Role | undefined {
  const source = incident === undefined ? undefined : state.incidents.get(incident)
  if (source === undefined) return 'operator'
  return isOpen(source) ? undefined : 'engineer'
}

/** The holds on a flag that the command asks for, and its actor may take. */
function takenOn(state: State, { incident, from, adopt, actor }: Asked, flag: FlagState): Hold[] {
  return flag.holds.filter(hold => {
    const needed = neededFor(state, hold)
    if (hold.incident === incident || needed === undefined || !reaches(actor.role, needed)) return false
    return from === undefined ? adopt !== true || hold.incident === undefined : hold.incident === from
  })
}

function adoptDraft(state: State, command: Asked, now: number): Draft {
  const { adopt, runbook, from, incident, actor, request, reason } = command
  const flags = Array.isArray(adopt)
    ? [...new Set(adopt as readonly string[])].flatMap(key => state.flags.get(key) ?? [])
    : [...state.flags.values()].filter(
        flag => from !== undefined || (runbook && isAbout(state, runbook, flag)),
      )
  const holds = flags.flatMap(flag => takenOn(state, command, flag))
  const adopted: Adopted[] = holds.map(hold => ({
    flag: hold.flag,
    hold: hold.id,
    ...(hold.incident === undefined ? {} : { from: hold.incident }),
  }))
  const history = historyOf(state, holds, from)
  const plain = { incident, actor, request, ...(reason === undefined ? {} : { reason }) }
  return {
    ...draft(plain, 'incident.adopted', now),
    outcome: adopted.length + history.length > 0 ? 'applied' : 'unchanged',
    flags: [...new Set(adopted.map(each => each.flag))],
    adopted,
    ...(history.length > 0 ? { history } : {}),
  }
}

/** The names nobody declared that hold nothing any more once these are taken: all that was done under them goes along. */
function historyOf(state: State, taken: readonly Hold[], from: string | undefined): string[] {
  const names = new Set([...taken.map(hold => hold.incident), from])
  return [...names].filter(
    name =>
      name !== undefined &&
      state.undeclared.has(name) &&
      holdsOf(state, name).every(hold => taken.includes(hold)),
  ) as string[]
}

/** `from` names an incident that may be taken from, by this actor. */
function assertSource(state: State, { incident, actor }: AdoptCommand, from: string): void {
  const held = holdsOf(state, from)
  const source = state.incidents.get(from)
  if (source === undefined) {
    if (held.length > 0 || state.undeclared.has(from)) return
    throw unknownIncident(state, from)
  }
  if (isOpen(source) || held.length === 0)
    throw new KillswitchError(
      'nothing-to-adopt',
      isOpen(source) ? `${from} is open, and keeps what it holds.` : `${from} holds nothing any more.`,
      {
        incident: from,
        wayOut: [
          by(
            isOpen(source)
              ? `If a flag is killed under the wrong one: kill it under ${incident} as well, then release the hold of ${from}.`
              : 'What was killed under it is in its own post-mortem.',
          ),
        ],
      },
    )
  mayTakeFromResolved(actor, from)
}

function mayTakeFromResolved(actor: AdoptCommand['actor'], from: string): void {
  if (!reaches(actor.role, 'engineer'))
    throw forbidden(actor, `take holds from ${from}, which is resolved`, 'engineer')
}

function assertAdoptable(state: State, command: AdoptCommand, key: string): void {
  const flag = state.flags.get(key)
  if (flag === undefined) throw unknownFlag(state.flags, key)
  if (takenOn(state, command, flag).length > 0) return
  if (flag.holds.some(hold => hold.incident === command.incident)) return
  const resolved = flag.holds.find(hold => neededFor(state, hold) === 'engineer')?.incident
  if (resolved !== undefined && command.from === undefined) mayTakeFromResolved(command.actor, resolved)
  const { from } = command
  const message = from === undefined ? nothingOn(flag) : `${from} has no hold on ${key}.`
  throw new KillswitchError('nothing-to-adopt', message, { flag: key })
}

function warningOf(state: State, command: Asked, key: string): Warning[] {
  const flag = state.flags.get(key)
  if (flag !== undefined) {
    const isOwn = flag.holds.some(hold => hold.incident === command.incident)
    if (isOwn || takenOn(state, command, flag).length > 0) return []
    return [{ code: 'nothing-to-adopt', detail: nothingOn(flag) }]
  }
  const near = [...nearKeys(state.flags, key)]
  const detail = `There is no flag "${key}".`
  return [{ code: 'nothing-to-adopt', detail, ...(near.length > 0 ? { near } : {}) }]
}

function nothingOn({ definition: { key }, holds }: FlagState): string {
  if (holds.length === 0) return `${key} is not killed: there is no hold to adopt.`
  const others = [...new Set(holds.map(hold => hold.incident))].join(', ')
  return `Every hold on ${key} has its incident (${others}): an open one keeps its holds, and one that is resolved gives them to an engineer.`
}

/** What stays where it is, and may have been meant: names that are nearly this one, and with `true` where nothing was taken. */
function warningsAfter(state: State, command: Asked, adopted: Draft | undefined): Warning[] {
  const { incident, adopt, runbook } = command
  const near = nearUndeclared(state, incident, adopted?.history ?? [])
  if (adopt !== true || adopted?.outcome === 'applied') return near
  const own = holdsOf(state, incident).map(hold => hold.flag)
  if (own.length > 0 && near.length === 0) return []
  const detail =
    runbook === undefined
      ? 'Nothing was adopted: without a runbook, the flags are named.'
      : `Nothing was adopted: no flag that ${runbook.id} is about has a hold without an incident.`
  const others = [...state.flags.values()]
    .filter(flag => runbook === undefined || isAbout(state, runbook, flag))
    .filter(flag => takenOn(state, { ...command, adopt: [] }, flag).length > 0)
    .map(flag => flag.definition.key)
  const call = { ...adoptFrom(incident, ''), body: { adopt: others } }
  const wayOut = others.length > 0 ? { wayOut: [byCall(call, 'takes what is held under other names')] } : {}
  return [...near, { code: 'nothing-to-adopt', detail, ...wayOut }]
}
