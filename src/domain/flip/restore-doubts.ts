// What a restore leaves out of the runbook: the wait that stands before it, and the step. It is taken all the same, by
// whoever may, and the story of the incident tells it.

import type { Warning } from '../../wire/hold.js'
import type { Runbook, Timing } from '../../wire/runbook.js'
import { span } from '../clock.js'
import type { Passed } from '../incident/clock.js'
import { concerns } from '../incident/escalations.js'
import { lastKill } from '../incident/flips.js'
import type { Incident } from '../incident/incident.js'
import type { State } from '../state.js'
import type { Hold } from './hold.js'

export type Recovery = { runbookOf: (incident: Incident) => Runbook | undefined; passed: Passed }

/** The waits that the runbooks of the holds' incidents put before a restore of the flag, and that are not over. */
export function earlyWarnings(
  { incidents }: Pick<State, 'incidents'>,
  flag: string,
  holds: readonly Hold[],
  { runbookOf, passed }: Recovery,
): Warning[] {
  const names = new Set(holds.flatMap(hold => hold.incident ?? []))
  return [...names].flatMap(name => {
    const incident = incidents.get(name)
    const runbook = incident && runbookOf(incident)
    if (incident === undefined || runbook === undefined) return []
    return runbook.waits
      .filter(wait => wait.guards?.includes(flag) && concerns(wait, incident))
      .flatMap(wait => warningOf(wait, incident, flag, passed))
  })
}

function warningOf(
  { text, line, minutes = 0 }: Timing,
  incident: Incident,
  flag: string,
  passed: Passed,
): Warning[] {
  const { recovered, flips } = incident
  const isBegun = recovered !== undefined && recovered.place > (lastKill(flips) ?? 0)
  const passedMs = isBegun ? passed(recovered) : 0
  if (isBegun && passedMs >= minutes * 60_000) return []
  const sofar = isBegun ? `${span(passedMs)} of that had passed` : 'nobody had noted that it recovered'
  const detail = `The runbook says "${text}" (line ${line}) before ${flag} is given back: ${sofar}.`
  return [{ code: 'wait-not-over', detail }]
}
