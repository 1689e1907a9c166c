// What is due in an incident, and when, from its runbook's own timings. Pure: incident, runbook and the hour. What has no
// minutes has no due time and is shown as text; what the runbook does not say is not invented.

import type { ClockItem, Moment } from '../wire/incident.js'
import type { Duration, Runbook, Severity, Timing } from '../wire/runbook.js'
import { type Incident, isSameLevel, latest } from './incident.js'

const MINUTE_MS = 60_000

/** Everything the runbook puts a time to, of this incident's severity; nothing where the runbook is not to be had. */
export function clockOf(incident: Incident, runbook: Runbook | undefined, now: number): ClockItem[] {
  if (runbook === undefined) return []
  const severity = runbook.severities.find(each => isSameLevel(each.level, incident.severity))
  const running = incident.resolved === undefined
  return [
    ...deadlines(incident, severity, now),
    ...(running ? escalations(incident, runbook, now) : []),
    ...(running ? updates(incident, runbook, now) : []),
    ...(running ? recoveryWaits(incident, runbook, now) : []),
    ...postmortem(incident, runbook, now),
  ]
}

/** Response and resolution time of the severity, both from the declaration. */
function deadlines(incident: Incident, severity: Severity | undefined, now: number): ClockItem[] {
  if (severity === undefined) return []
  const { declared, responded, resolved } = incident
  const say = (what: 'response' | 'resolution', duration: Duration | undefined, met: Moment | undefined) =>
    duration === undefined
      ? []
      : [item({ what, timing: { ...duration, line: severity.line }, since: declared.at, met: met?.at }, now)]
  return [
    ...say('response', severity.responseTime, responded ?? resolved),
    ...say('resolution', severity.resolutionTime, resolved),
  ]
}

/** Counted to the end of the trouble and not to the last progress: a `progress` note does not put these off. */
const TO_THE_END = /resol|solution|solve|fix|unavailab|outage|\bdown\b/i

function escalations(incident: Incident, runbook: Runbook, now: number): ClockItem[] {
  const { declared, progressed } = incident
  return runbook.escalations
    .filter(timing => concerns(timing, incident))
    .map(timing => {
      const restarts = progressed !== undefined && !TO_THE_END.test(timing.text)
      const since = restarts ? latest(declared, progressed).at : declared.at
      return item({ what: 'escalation', timing, since }, now)
    })
}

function updates(incident: Incident, { updateCadence }: Runbook, now: number): ClockItem[] {
  if (updateCadence === undefined || !concerns(updateCadence, incident)) return []
  const since = (incident.updated ?? incident.declared).at
  return [item({ what: 'update', timing: updateCadence, since }, now)]
}

/** From the last restore of one of its flags or a `recovered` note, whichever is later; not begun after a re-kill. */
function recoverySince({ flips, recovered }: Incident): string | undefined {
  const ends = [flips.restored, recovered].filter(each => each !== undefined)
  if (ends.length === 0) return undefined
  const end = latest(...ends)
  return flips.killed !== undefined && flips.killed.place > end.place ? undefined : end.at
}

function recoveryWaits(incident: Incident, runbook: Runbook, now: number): ClockItem[] {
  const since = recoverySince(incident)
  return runbook.waits
    .filter(timing => concerns(timing, incident))
    .map(timing => {
      if (since === undefined) return item({ what: 'recovery-wait', timing }, now)
      const waited = item({ what: 'recovery-wait', timing, since }, now)
      return { ...waited, overdue: false, ...(waited.overdue && waited.due ? { metAt: waited.due } : {}) }
    })
}

/** The waits that run: begun, and not over. */
export const runningWaits = (incident: Incident, runbook: Runbook, now: number): ClockItem[] =>
  recoveryWaits(incident, runbook, now).filter(wait => wait.due !== undefined && wait.metAt === undefined)

/** From the resolve; met by a link to the post-mortem. */
function postmortem(
  { resolved, links }: Incident,
  { postmortemDeadline }: Runbook,
  now: number,
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
      },
      now,
    ),
  ]
}

const concerns = ({ levels }: Timing, { severity }: Incident): boolean =>
  levels === undefined || levels.some(level => isSameLevel(level, severity))

/** In the runbook's own words. */
const AT_ONCE = /\bimmediate/i

type Counted = { what: ClockItem['what']; timing: Timing; since?: string; met?: string | undefined }

function item({ what, timing, since, met }: Counted, now: number): ClockItem {
  const { text, minutes, line, target } = timing
  const due =
    since === undefined || minutes === undefined ? undefined : Date.parse(since) + minutes * MINUTE_MS
  const judged = met === undefined ? now : Date.parse(met)
  return {
    what,
    text,
    line,
    ...(target === undefined ? {} : { target }),
    ...(minutes === undefined && AT_ONCE.test(text) ? { atOnce: true as const } : {}),
    ...(since === undefined ? {} : { since }),
    ...(due === undefined ? {} : { due: new Date(due).toISOString() }),
    ...(met === undefined ? {} : { metAt: met }),
    overdue: due !== undefined && judged >= due,
  }
}
