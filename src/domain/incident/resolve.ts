// Closing an incident, and opening it again. Closing is refused while it still holds a flag or its recovery wait runs, unless somebody with the authority
// leaves the flags held with an owner and a date, or forces it with a reason.

import type { Left } from '../../wire/entry.js'
import type { Warning } from '../../wire/hold.js'
import type { Objection } from '../../wire/incident.js'
import type { Runbook } from '../../wire/runbook.js'
import { nearKeys } from '../catalogue/near-key.js'
import { toSecond } from '../clock.js'
import { badInput, by, bySending, KillswitchError } from '../errors.js'
import type { Verdict } from '../flip/flip.js'
import { holdsOf } from '../flip/hold.js'
import type { Draft } from '../log/audit.js'
import type { State } from '../state.js'
import type { BusinessHours } from './business-hours.js'
import { type Passed, runningWaits } from './clock.js'
import type { Incident } from './incident.js'
import { leftUndoneOf, leftUndoneWords } from './left-undone.js'
import { draft, type IncidentCommand, incidentOf, mayWork, ruled } from './rules.js'
import { reopening } from './warnings.js'

export type ResolveCommand = IncidentCommand & {
  leave: readonly Left[]
  force: boolean
  runbook: Runbook | undefined
  passed?: Passed
  hours?: BusinessHours | undefined
}

/** What would be in the way of resolving it now, with these flags left held. */
export function objectionsTo(
  state: Pick<State, 'flags'>,
  incident: Incident,
  { runbook, leave = [], passed }: Pick<ResolveCommand, 'runbook' | 'passed'> & { leave?: readonly Left[] },
  now: number,
): Objection[] {
  const held = holdsOf(state, incident.id).filter(hold => !leave.some(left => left.flag === hold.flag))
  const waits = runbook === undefined ? [] : runningWaits(incident, runbook, now, passed)
  return [
    ...held.map(({ flag, id, actor, since }) => ({
      what: 'hold' as const,
      flag,
      hold: id,
      actor,
      since,
      detail: `${flag} is still held, by ${actor} since ${toSecond(since)}.`,
    })),
    ...waits.map(({ text, line, due = '' }) => ({
      what: 'recovery-wait' as const,
      until: due,
      text,
      line,
      detail: `The runbook says "${text}" (line ${line}): until ${toSecond(due)}.`,
    })),
  ]
}

export function decideResolve(state: State, command: ResolveCommand, now: number): Verdict {
  return ruled(command, 'incident.resolved', now, () => {
    mayWork(command.actor, 'resolve an incident')
    const incident = incidentOf(state, command.incident)
    mayLeave(state, command, incident, now)
    if (incident.resolved !== undefined && command.leave.length === 0)
      throw new KillswitchError(
        'incident-resolved',
        `${incident.id} was resolved at ${toSecond(incident.resolved.at)} by ${incident.resolved.by}.`,
        {
          incident: incident.id,
          wayOut: [
            reopening(incident.id),
            ...(holdsOf(state, incident.id).length === 0
              ? []
              : [
                  bySending(
                    { leave: [{ flag: '', owner: '', until: '' }] },
                    'Who looks after a hold that was left is said anew',
                  ),
                ]),
          ],
        },
      )
    const objections = incident.resolved === undefined ? objectionsTo(state, incident, command, now) : []
    const forced = forces(command, objections)
    const resolved = resolveDraft(command, forced, now)
    if (incident.resolved !== undefined) return [resolved]
    const warnings = [
      ...waitWarnings(objections),
      ...leftUndone(state, incident, command, { objections, now }),
    ]
    return [warnings.length === 0 ? resolved : { ...resolved, warnings }]
  })
}

/** The waits that a close by force does not wait for. */
const waitWarnings = (objections: readonly Objection[]): Warning[] =>
  objections.flatMap(each => {
    if (each.what !== 'recovery-wait') return []
    const detail = `Closed by force before the wait was over. ${each.detail}`
    return [{ code: 'wait-not-over' as const, detail }]
  })

/** What the runbook asks for besides is told once, in the entry of the close, and keeps nobody from closing. */
function leftUndone(
  state: State,
  incident: Incident,
  { runbook, passed, hours }: ResolveCommand,
  { objections, now }: { objections: readonly Objection[]; now: number },
): Warning[] {
  const holds = holdsOf(state, incident.id).length
  // a wait that was passed over has a warning of its own
  const passedOver = objections.flatMap(each => (each.what === 'recovery-wait' ? each.line : []))
  const undone = leftUndoneOf(incident, runbook, now, {
    ...(passed ? { passed } : {}),
    hours,
    holds,
  }).filter(({ what, line }) => what !== 'wait' || !passedOver.includes(line))
  return undone.length === 0 ? [] : [{ code: 'left-undone', detail: leftUndoneWords(undone) }]
}

function mayLeave(state: State, { actor, leave }: ResolveCommand, incident: Incident, now: number): void {
  if (leave.length === 0) return
  mayWork(actor, 'resolve an incident leaving flags held', 'engineer')
  const held = new Set(holdsOf(state, incident.id).map(hold => hold.flag))
  for (const { flag, until } of leave) {
    if (!held.has(flag))
      throw new KillswitchError('not-held', `${incident.id} holds no ${flag}.`, {
        incident: incident.id,
        flag,
        held: [...held],
        near: nearKeys(state.flags, flag),
        wayOut: [by('Leave that one out of "leave".')],
      })
    if (endOf(until) <= now)
      throw badInput(
        { in: 'body', path: 'body.leave.until', problem: 'is over' },
        `"until" of ${flag} is ${until}, which is over.`,
        by('Give the date by which somebody looks after it.'),
      )
  }
}

/** Whether it is resolved past an objection; throws where nobody with the authority says so. */
function forces({ incident, actor, force, reason }: ResolveCommand, objections: Objection[]): boolean {
  if (objections.length === 0) return false
  if (!force) throw stillOpen(incident, objections)
  mayWork(actor, 'force an incident closed', 'coordinator')
  if (reason === undefined)
    throw badInput(
      { in: 'body', path: 'body.reason', rule: 'required', problem: 'is needed' },
      'A forced resolve says why.',
      bySending({ reason: '' }),
    )
  return true
}

function stillOpen(incident: string, objections: Objection[]): KillswitchError {
  const list = objections.map(each => each.detail).join(' ')
  const held = objections.flatMap(each =>
    each.what === 'hold' ? [{ flag: each.flag, owner: '', until: '' }] : [],
  )
  const [isHeld, isWaiting] = [held.length > 0, objections.some(({ what }) => what === 'recovery-wait')]
  return new KillswitchError('incident-open', `${incident} cannot be resolved yet. ${list}`, {
    incident,
    open: objections,
    wayOut: [
      ...(isHeld ? [by('Restore what it holds.')] : []),
      ...(isWaiting ? [by('Let the wait run out.')] : []),
      ...(isHeld ? [bySending({ leave: held }, 'Or an engineer leaves flags held')] : []),
      bySending({ force: true, reason: '' }, 'Or a coordinator forces it'),
    ],
  })
}

/** The same trouble again, or resolved too early: it holds and takes holds again, and its clock runs. */
export function decideReopen(state: State, command: IncidentCommand, now: number): Verdict {
  return ruled(command, 'incident.reopened', now, () => {
    mayWork(command.actor, 'reopen an incident')
    const { resolved } = incidentOf(state, command.incident)
    const outcome = resolved === undefined ? 'unchanged' : 'applied'
    return [{ ...draft(command, 'incident.reopened', now), outcome }]
  })
}

function resolveDraft(command: ResolveCommand, forced: boolean, now: number): Draft {
  const leave = command.leave.map(({ flag, owner, until }) => ({ flag, owner, until }))
  return {
    ...draft(command, 'incident.resolved', now),
    ...(leave.length > 0 ? { flags: leave.map(left => left.flag) } : {}),
    resolved: { leave, ...(forced ? { forced } : {}) },
  }
}

/** The end of a date (its last moment, UTC), or the moment itself, ms. */
export const endOf = (until: string): number =>
  Date.parse(until) + (/^\d{4}-\d\d-\d\d$/.test(until) ? 24 * 3_600_000 - 1 : 0)
