// What flips did under one incident's name, declared or not. One name's can join another's: so a misspelt name takes
// nothing from the incident that was meant.

import type { StepReference } from '../../wire/hold.js'
import type { Moment, Tick } from '../../wire/incident.js'

const MOST_KILLS = 500
const MOST_STEPS = 200

export type IncidentFlips = {
  /** Places of the kills that count as its own, adopted ones included, oldest first. */
  kills: readonly number[]
  /** Of those, the ones that whoever put them took back within minutes: they neither begin a wait nor end one. */
  undone: readonly number[]
  /** The flags it ever held. */
  flags: readonly string[]
  /** The runbook steps that its flips came from: whoever flips from a step has done it. The newest of each. */
  steps: readonly Tick[]
  /** Its last kill, and the last restore of one of its holds. */
  killed?: Moment
  restored?: Moment
}

export const NO_FLIPS: IncidentFlips = { kills: [], undone: [], flags: [], steps: [] }

export type KillMoment = Moment & { flag: string }
export type StepDone = Omit<Tick, 'ticked' | 'step'> & { step?: StepReference }

export function addKills(flips: IncidentFlips, kills: readonly KillMoment[]): IncidentFlips {
  if (kills.length === 0) return flips
  return {
    ...flips,
    kills: kills.reduce((places, { place }) => withPlace(places, place), flips.kills),
    flags: [...new Set([...flips.flags, ...kills.map(kill => kill.flag)])],
    killed: latest(...kills, ...(flips.killed ? [flips.killed] : [])),
  }
}

/** In order, once, the newest of them. Most kills come last, and are not looked for. */
function withPlace(places: readonly number[], place: number): readonly number[] {
  const isLast = place > (places.at(-1) ?? 0)
  if (isLast) return [...places.slice(1 - MOST_KILLS), place]
  if (places.includes(place)) return places
  return [...places, place].sort((a, b) => a - b).slice(-MOST_KILLS)
}

/** Flips from steps of a runbook do those steps; a name that is no step of any (it has no line) does none. */
export function addSteps(flips: IncidentFlips, steps: readonly StepDone[]): IncidentFlips {
  const done = steps.flatMap(({ step, ...when }) =>
    step?.line === undefined ? [] : [{ ...when, step, ticked: 'done' as const }],
  )
  if (done.length === 0) return flips
  const others = flips.steps.filter(tick => done.every(each => each.step.id !== tick.step.id))
  return { ...flips, steps: [...others, ...done].slice(-MOST_STEPS) }
}

/** Kills that were taken back: their steps are to be done still. */
export const undo = (flips: IncidentFlips, places: readonly number[]): IncidentFlips => ({
  ...flips,
  undone: [...flips.undone, ...places.filter(place => flips.kills.includes(place))].slice(-MOST_KILLS),
  steps: flips.steps.filter(({ place }) => !places.includes(place)),
})

/** Kills that another incident has taken over, one by one. */
export const withoutKills = (flips: IncidentFlips, kills: readonly KillMoment[]): IncidentFlips => {
  const isTaken = (place: number) => kills.some(kill => kill.place === place)
  return {
    ...flips,
    kills: flips.kills.filter(place => !isTaken(place)),
    flags: flips.flags.filter(flag => !kills.some(kill => kill.flag === flag)),
    steps: flips.steps.filter(({ place }) => !isTaken(place)),
  }
}

/** All that was done under the other name was done under this one. */
export function joined(flips: IncidentFlips, other: IncidentFlips): IncidentFlips {
  const newest = (one: Moment | undefined, two: Moment | undefined) => {
    const moments = [one, two].filter(each => each !== undefined)
    return moments.length === 0 ? undefined : latest(...moments)
  }
  const [killed, restored] = [newest(flips.killed, other.killed), newest(flips.restored, other.restored)]
  return {
    kills: other.kills.reduce(withPlace, flips.kills),
    undone: [...new Set([...flips.undone, ...other.undone])].slice(-MOST_KILLS),
    flags: [...new Set([...flips.flags, ...other.flags])],
    steps: newestOfEach([...other.steps, ...flips.steps]),
    ...(killed === undefined ? {} : { killed }),
    ...(restored === undefined ? {} : { restored }),
  }
}

const newestOfEach = (ticks: readonly Tick[]): Tick[] =>
  [...ticks]
    .sort((a, b) => a.place - b.place)
    .filter((tick, at, all) => all.findLastIndex(each => each.step.id === tick.step.id) === at)
    .slice(-MOST_STEPS)

/** The last kill that stood, by its place. */
export const lastKill = ({ kills, undone }: IncidentFlips): number | undefined =>
  kills.findLast(place => !undone.includes(place))

/** The later of some moments, by place. */
export function latest(...moments: readonly Moment[]): Moment {
  const { place, at } = moments.reduce((a, b) => (b.place > a.place ? b : a))
  return { place, at }
}
