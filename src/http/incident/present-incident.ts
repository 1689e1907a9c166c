// What the API shows of an incident: the fold, what is due, what it holds, and the steps of its runbook that act on flags.

import { holdsOf } from '../../domain/flip/hold.js'
import type { BusinessHours } from '../../domain/incident/business-hours.js'
import { clockOf, type Passed } from '../../domain/incident/clock.js'
import { conditionsOf, otherContacts } from '../../domain/incident/escalations.js'
import { type Incident, tickFor } from '../../domain/incident/incident.js'
import { leftUndoneOf } from '../../domain/incident/left-undone.js'
import { objectionsTo } from '../../domain/incident/resolve.js'
import { type Entry, placeOf } from '../../domain/log/audit.js'
import { sentenceOf } from '../../domain/log/sentence.js'
import { callFor, killsOf } from '../../domain/runbook/step-run.js'
import type { State } from '../../domain/state.js'
import type { Tick } from '../../wire/incident.js'
import type { Runbook, Step } from '../../wire/runbook.js'

export type Shown = {
  state: State
  runbook: Runbook | undefined
  environment: string
  now: number
  passed: Passed
  hours: BusinessHours | undefined
}

const contextOf = ({ id }: Incident, { state, passed, hours }: Shown) => ({
  passed,
  hours,
  holds: holdsOf(state, id).length,
})

export const summariseIncident = (incident: Incident, shown: Shown) => {
  const { runbook, now } = shown
  const { id, title, severity, commander, drill, declared, resolved, flips } = incident
  const context = contextOf(incident, shown)
  const clock = clockOf(incident, runbook, now, context)
  return {
    id,
    title,
    status: resolved ? ('resolved' as const) : ('open' as const),
    ...(severity === undefined ? {} : { severity }),
    ...(incident.runbook === undefined ? {} : { runbook: incident.runbook }),
    ...(commander === undefined ? {} : { commander }),
    ...(drill === undefined ? {} : { drill }),
    declared,
    ...(resolved ? { resolved: { ...resolved, leave: [...resolved.leave] } } : {}),
    flags: [...flips.flags],
    holds: context.holds,
    overdue: clock.filter(item => item.overdue && item.metAt === undefined).length,
  }
}

export function presentIncident(incident: Incident, shown: Shown) {
  const { state, runbook, environment, now, passed } = shown
  const { id, responded, updated, progressed, recovered, reopened, flips, links } = incident
  const moments = {
    responded,
    updated,
    progressed,
    recovered,
    killed: flips.killed,
    restored: flips.restored,
    reopened,
  }
  return {
    ...summariseIncident(incident, shown),
    environment,
    ...Object.fromEntries(Object.entries(moments).filter(([, moment]) => moment !== undefined)),
    kills: [...flips.kills],
    holds: holdsOf(state, id).map(({ role: _role, joined: _joined, ...hold }) => ({
      ...hold,
      label: labelOf(state, hold.flag),
    })),
    clock: clockOf(incident, runbook, now, contextOf(incident, shown)),
    conditions: conditionsOf(incident, runbook),
    contacts: otherContacts(incident, runbook),
    leftUndone: leftUndoneOf(incident, runbook, now, contextOf(incident, shown)),
    open: incident.resolved ? [] : objectionsTo(state, incident, { runbook, passed }, now),
    steps: stepsOf(incident, runbook),
    ticks: ticksOf(incident),
    links: [...links],
    runbookEdited: runbook?.digest !== incident.runbook?.digest,
    timeline: `/v1/audit?incident=${encodeURIComponent(id)}&order=oldest`,
  }
}

/** The newest of each step, in the order they were done. */
const ticksOf = (incident: Incident): Tick[] =>
  [...new Set([...incident.ticks, ...incident.flips.steps].map(tick => tick.step.id))]
    .flatMap(id => tickFor(incident, id) ?? [])
    .sort((a, b) => a.place - b.place)

const labelOf = (state: State, flag: string): string => state.flags.get(flag)?.definition.killLabel ?? flag

/** The steps that act on flags or would wipe a store, with what became of each, and the call that would run its kills. */
const stepsOf = (incident: Incident, runbook: Runbook | undefined) =>
  (runbook?.steps ?? [])
    .filter(step => step.flagActions.length > 0 || step.dangers !== undefined)
    .map(step => {
      const tick = tickFor(incident, step.id)
      return { ...shownStep(step), ...(tick ? { ticked: tick } : {}), ...callOf(step, incident.id) }
    })

const shownStep = ({ id, code, text, line, condition, flagActions, commands, links, dangers }: Step) => ({
  id,
  code,
  text,
  line,
  ...(condition === undefined ? {} : { condition }),
  ...(commands === undefined ? {} : { commands }),
  ...(links === undefined ? {} : { links }),
  ...(dangers === undefined ? {} : { dangers }),
  flagActions: flagActions.map(({ flag, direction, variant, confidence, condition: own, limit }) => ({
    flag,
    direction,
    variant,
    confidence,
    ...(own === undefined ? {} : { condition: own }),
    ...(limit === undefined ? {} : { limit }),
  })),
})

function callOf(step: Step, incident: string) {
  const kills = killsOf(step)
  if (kills.length === 0) return {}
  const { body, ...call } = callFor(step, kills)
  return { call: { ...call, body: { ...body, incident } } }
}

/** What an answer tells of the entries a request led to. */
export const presentEntries = (entries: readonly Entry[]) =>
  entries.map(entry => ({
    place: placeOf(entry),
    action: entry.action,
    outcome: entry.outcome,
    at: entry.at,
    summary: sentenceOf(entry, undefined),
  }))
