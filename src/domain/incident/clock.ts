// What is due in an incident, and when, from its runbook's own timings. Pure: incident, runbook and the hour. What has no
// minutes has no due time and is shown as text; what the runbook does not say is not invented.

import type { ClockItem, Moment } from '../../wire/incident.js'
import type { Duration, Runbook, Severity, TimeBox, Timing } from '../../wire/runbook.js'
import { afterBusiness, type BusinessHours } from './business-hours.js'
import { concerns, killedAgain, madeAt, reachedBy, recoveredAt, recoverySince } from './escalations.js'
import { lastKill, latest } from './flips.js'
import { type Incident, isSameLevel, tickFor } from './incident.js'

const MINUTE_MS = 60_000

/** How much has certainly passed since a moment of the log, ms, whatever its date says. Waits are over by it alone. */
export type Passed = (moment: Moment) => number

/** What the clock asks beside the incident and its runbook. */
export type ClockContext = {
  passed?: Passed
  /** Undefined where none are set: what is counted in them has no due time then. */
  hours?: BusinessHours | undefined
  /** How many flags it holds. */
  holds?: number
}

/** Everything the runbook puts a time to, of this incident's severity; nothing where the runbook is not to be had. */
export function clockOf(
  incident: Incident,
  runbook: Runbook | undefined,
  now: number,
  context: ClockContext = {},
): ClockItem[] {
  if (runbook === undefined) return []
  const { passed, hours, holds = 0 } = context
  const level = incident.severity
  const severity =
    level === undefined ? undefined : runbook.severities.find(each => isSameLevel(each.level, level))
  const running = incident.resolved === undefined
  return [
    ...deadlines(incident, severity, now, hours),
    ...timeBoxes(incident, runbook, now),
    ...(running ? escalations(incident, runbook, now, { hours, holds }) : []),
    ...(running ? updates(incident, runbook, now) : []),
    ...(running ? waitsOf(incident, runbook, now, passed) : []),
    ...postmortem(incident, runbook, now, hours),
  ]
}

/** Response and resolution time of the severity, both from the declaration. */
function deadlines(
  incident: Incident,
  severity: Severity | undefined,
  now: number,
  hours: BusinessHours | undefined,
): ClockItem[] {
  if (severity === undefined) return []
  const { declared, responded, resolved } = incident
  const say = (what: 'response' | 'resolution', duration: Duration | undefined, met: Moment | undefined) =>
    duration === undefined
      ? []
      : [
          item(
            { what, timing: { ...duration, line: severity.line }, since: declared.at, met: met?.at, hours },
            now,
          ),
        ]
  return [
    ...say('response', severity.responseTime, responded ?? resolved),
    ...say('resolution', severity.resolutionTime, resolved),
  ]
}

/** From the declaration, or from the end of the box before it; met when the last of its steps is done. */
function timeBoxes(incident: Incident, runbook: Runbook, now: number): ClockItem[] {
  const ends = new Map<number, string>()
  return runbook.timeBoxes
    .filter(box => concerns(box, incident))
    .map(box => {
      const { text, minutes, line, after } = box
      const since = (after === undefined ? undefined : ends.get(after)) ?? incident.declared.at
      const done = doneAt(incident, box)
      const met = done ?? incident.resolved?.at
      const ended = done === undefined && met !== undefined ? { ended: 'resolved' as const } : {}
      const boxed = {
        ...item({ what: 'time-box', timing: { text, minutes, line }, since, met }, now),
        ...ended,
      }
      ends.set(line, boxed.metAt ?? boxed.due ?? since)
      const left = leftIn(incident, runbook, box)
      return left.length === 0 || left.length === box.steps.length ? boxed : { ...boxed, left }
    })
}

const leftIn = (incident: Incident, runbook: Runbook, { steps }: TimeBox): string[] =>
  runbook.steps
    .filter(({ id }) => steps.includes(id) && tickFor(incident, id) === undefined)
    .map(({ code }) => code)

function doneAt(incident: Incident, { steps }: TimeBox): string | undefined {
  const done = steps.map(step => tickFor(incident, step))
  const ticks = done.filter(tick => tick !== undefined)
  return ticks.length < steps.length || ticks.length === 0 ? undefined : latest(...ticks).at
}

/** Counted to the end of the trouble and not to the last progress: a `progress` note does not put these off. */
const TO_THE_END = /resol|solution|solve|fix|unavailab|outage|\bdown\b/i

/** By time and by severity; stopped by the note that it was made, or by the recovery. */
function escalations(
  incident: Incident,
  runbook: Runbook,
  now: number,
  { hours, holds }: { hours: BusinessHours | undefined; holds: number },
): ClockItem[] {
  const { declared, progressed, reopened = declared } = incident
  const begun = latest(declared, reopened, killedAgain(incident) ?? declared)
  const recovered = recoveredAt(incident, holds)
  return runbook.escalations
    .filter(timing => timing.condition === undefined && concerns(timing, incident))
    .map(timing => {
      const restarts = progressed !== undefined && !TO_THE_END.test(timing.text)
      const since = restarts ? latest(begun, progressed).at : begun.at
      const made = madeAt(incident, runbook, timing)
      const met = (made ?? recovered)?.at
      return {
        ...item({ what: 'escalation', timing, since, met, hours }, now),
        ...(made === undefined && met !== undefined ? { ended: 'recovered' as const } : {}),
        ...reachedBy(incident, runbook, timing),
      }
    })
}

function updates(incident: Incident, { updateCadences }: Runbook, now: number): ClockItem[] {
  const own = updateCadences.filter(timing => concerns(timing, incident))
  const limited = own.filter(({ levels }) => levels !== undefined)
  const { declared, updated = declared, reopened = declared } = incident
  const since = latest(updated, reopened).at
  return (limited.length > 0 ? limited : own).map(timing => item({ what: 'update', timing, since }, now))
}

/** The waits of the runbook, running or not. */
export function waitsOf(
  incident: Incident,
  runbook: Runbook,
  now: number,
  passed: Passed = byDate(now),
): ClockItem[] {
  return runbook.waits
    .filter(timing => concerns(timing, incident))
    .filter(timing => timing.guards === undefined || guardsOf(timing, incident).length > 0)
    .map(timing => {
      const guards = guardsOf(timing, incident)
      const wait = waitOf(incident, runbook, timing, now, passed, guards.length > 0)
      return { ...wait, overdue: false, ...(guards.length > 0 ? { guards } : {}) }
    })
}

/** The flags of this incident that are restored after the wait; a wait before the restore of others is none of it. */
const guardsOf = ({ guards = [] }: Timing, { flips }: Incident): string[] =>
  guards.filter(flag => flips.flags.includes(flag))

function waitOf(
  incident: Incident,
  runbook: Runbook,
  timing: Timing,
  now: number,
  passed: Passed,
  isGuard: boolean,
): ClockItem {
  const { flips } = incident
  const since = isGuard ? guardedSince(incident) : recoverySince(incident)
  const waited = item({ what: 'recovery-wait', timing, ...(since ? { since: since.at } : {}) }, now)
  if (timing.minutes === undefined) return { ...waited, ...ticked(incident, runbook, timing) }
  const restored = isGuard ? laterThan(flips.restored, lastKill(flips)) : undefined
  if (restored !== undefined) return { ...waited, metAt: restored.at }
  if (since === undefined || waited.due === undefined) return waited
  const leftMs = timing.minutes * MINUTE_MS - passed(since)
  const due = new Date(endOfWait(Date.parse(waited.due), leftMs, now)).toISOString()
  return { ...waited, due, ...(leftMs <= 0 ? { metAt: due } : {}) }
}

/** A wait before a restore runs from the `recovered` note: the restore is what it waits for. */
const guardedSince = ({ recovered, flips }: Incident): Moment | undefined =>
  laterThan(recovered, lastKill(flips))

const laterThan = (end: Moment | undefined, kill = 0): Moment | undefined =>
  end !== undefined && end.place > kill ? end : undefined

/** A watch without an end is over when somebody says so, by its step. */
function ticked(incident: Incident, { steps }: Runbook, { line }: Timing): { metAt?: string } {
  const step = steps.find(each => each.line === line)
  const tick = step && tickFor(incident, step.id)
  return tick ? { metAt: tick.at } : {}
}

const byDate =
  (now: number): Passed =>
  ({ at }) =>
    now - Date.parse(at)

/** As the dates have it, where they and what has passed agree; else by what is left. */
function endOfWait(dated: number, leftMs: number, now: number): number {
  if (leftMs <= 0) return Math.min(dated, now)
  return dated > now && Math.abs(dated - now - leftMs) <= MINUTE_MS ? dated : now + leftMs
}

/** The waits that run: begun, and not over. One before a restore is in the way of nothing: its flag is held, or back. */
export const runningWaits = (
  incident: Incident,
  runbook: Runbook,
  now: number,
  passed?: Passed,
): ClockItem[] =>
  waitsOf(incident, runbook, now, passed).filter(
    wait => wait.due !== undefined && wait.metAt === undefined && wait.guards === undefined,
  )

/** From the resolve; met by a link to the post-mortem. */
function postmortem(
  { resolved, links }: Incident,
  { postmortemDeadline }: Runbook,
  now: number,
  hours: BusinessHours | undefined,
): ClockItem[] {
  if (postmortemDeadline === undefined) return []
  const written = links.find(link => /post[-\s]?mortem/i.test(link.title))
  return [
    item(
      {
        what: 'postmortem',
        timing: postmortemDeadline,
        ...(resolved ? { since: resolved.at } : {}),
        met: written?.at,
        hours,
      },
      now,
    ),
  ]
}

/** In the runbook's own words. */
const AT_ONCE = /\bimmediate/i

type Counted = {
  what: ClockItem['what']
  timing: Timing
  since?: string
  met?: string | undefined
  hours?: BusinessHours | undefined
}

const NO_HOURS = 'It is counted in business hours, and none are set here (KILLSWITCH_BUSINESS_HOURS).'

function item({ what, timing, since, met, hours }: Counted, now: number): ClockItem {
  const { text, minutes, business, line, target } = timing
  const due = since === undefined ? undefined : dueOf(Date.parse(since), timing, hours)
  const isUnknown = minutes === undefined && business !== undefined && hours === undefined
  const judged = met === undefined ? now : Date.parse(met)
  return {
    what,
    text,
    line,
    ...(target === undefined ? {} : { target }),
    ...(isUnknown ? { dueUnknown: NO_HOURS } : {}),
    ...(minutes === undefined && AT_ONCE.test(text) ? { atOnce: true as const } : {}),
    ...(since === undefined ? {} : { since }),
    ...(due === undefined ? {} : { due: new Date(due).toISOString() }),
    ...(met === undefined ? {} : { metAt: met }),
    overdue: due !== undefined && judged >= due,
  }
}

function dueOf(
  since: number,
  { minutes, business }: Timing,
  hours: BusinessHours | undefined,
): number | undefined {
  if (minutes !== undefined) return since + minutes * MINUTE_MS
  return business === undefined || hours === undefined ? undefined : afterBusiness(since, business, hours)
}
