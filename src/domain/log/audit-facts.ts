// What questions to the log ask of an entry. `factsOf` takes what the entry says itself; `Told` is what others say of it,
// before and after, and follows from them in `log/index/relations.ts`. No fact is anybody's opinion: each is in an entry.

import type { Action, Outcome, Role, Via } from '../../wire/words.js'
import { type Entry, isProvable } from './audit.js'

/** What other entries say of one. */
export type Told = {
  /** It is of an incident that was declared as a drill, or the proof of a drill. */
  drill?: true
  /** That of its incident then; of what came before a severity was given, the first one. */
  severity?: string
  /** Those of its flags, where the entry names none itself. */
  applications?: string[]
  /** Of a flip that every app instance has shown: how long after it, ms. */
  proofMs?: number
  /** Places of what was written of its proof. */
  proofs?: number[]
  /** Of a kill: how long after it its hold was gone, ms. */
  restoredMs?: number
  /** Of a kill: whoever made it took it back. */
  undone?: true
  /** Of a declaration: by application, how long after it the incident's first kill was, ms; below 0: before it. */
  killMs?: Record<string, number>
}

export type Facts = {
  at: string
  action: Action
  outcome: Outcome
  actor: string
  role: Role
  via: Via
  flags?: string[]
  application?: string
  incident?: string
  /** Those that an adoption took from, and those besides whose holds a restore released. */
  others?: string[]
  runbook?: string
  step?: { id: string; code?: string }
  reason?: string
  ip?: string
  offRunbook?: true
  /** Of a close: past what was in its way. */
  forced?: boolean
  /** Of a restore: before the wait in front of it was over. */
  early?: boolean
  /** Of a flip: no step, and no words of its own say why. */
  stepless?: boolean
  unexplained?: boolean
  /** The flags whose holds the entry changed: of a kill and of a restore that were applied. */
  flipped?: string
  /** Of a flip: how many holds there are after it. */
  holds?: number
  hold?: string
} & Told

/** What the entry says itself. */
export function factsOf(entry: Entry): Facts {
  const { at, action, outcome, actor, flag, flags = [], application, incident, runbook, step, reason } = entry
  const all = flag === undefined ? flags : [flag, ...flags]
  const taken = [...(entry.history ?? []), ...(entry.adopted ?? []).flatMap(({ from }) => from ?? [])]
  const others = [...new Set([...taken, ...(entry.incidents ?? [])])].filter(id => id !== incident)
  return {
    ...{ at, action, outcome, actor: actor.id, role: actor.role, via: actor.via },
    ...(all.length > 0 ? { flags: [...new Set(all)] } : {}),
    ...(application === undefined ? {} : { application }),
    ...(incident === undefined ? {} : { incident }),
    ...(others.length > 0 ? { others } : {}),
    ...(runbook === undefined ? {} : { runbook: runbook.id }),
    ...(step === undefined
      ? {}
      : { step: { id: step.id, ...(step.code === undefined ? {} : { code: step.code }) } }),
    ...(reason === undefined ? {} : { reason }),
    ...(entry.request.ip === undefined ? {} : { ip: entry.request.ip }),
    ...(entry.offRunbook ? { offRunbook: true as const } : {}),
    ...(action === 'incident.resolved' && outcome === 'applied'
      ? { forced: entry.resolved?.forced ?? false }
      : {}),
    ...(isFlip(entry) ? flipFacts(entry) : {}),
  }
}

/** A kill or a restore that changed what holds its flag. */
const isFlip = ({ action, outcome }: Entry): boolean =>
  outcome === 'applied' && (action === 'kill' || action === 'restore')

/** To take back a slip leaves out nothing. */
function flipFacts(entry: Entry): Partial<Facts> {
  const { action, flag, hold, holds, step, reason, undo = false, warnings = [] } = entry
  return {
    ...(flag === undefined ? {} : { flipped: flag }),
    ...(hold === undefined ? {} : { hold }),
    ...(holds === undefined ? {} : { holds: holds.length }),
    ...(action === 'restore' ? { early: warnings.some(({ code }) => code === 'wait-not-over') } : {}),
    stepless: !undo && step === undefined,
    unexplained: !undo && (reason === undefined || reason === step?.text),
  }
}

/** Whether a flip is confirmed; undefined of what nobody confirms. */
export const isConfirmed = (facts: Facts): boolean | undefined =>
  isProvable(facts) && facts.outcome === 'applied' ? facts.proofMs !== undefined : undefined

export const isOfDrill = ({ action, drill }: Facts): boolean => action === 'drill' || drill === true

export const applicationsIn = ({ application, applications }: Facts): readonly string[] =>
  application === undefined ? (applications ?? []) : [application]

/** An adoption is a part of the story of the incident that had the holds, too, and a restore of each whose hold it released. */
export const incidentsIn = ({ incident, others = [] }: Facts): readonly string[] =>
  incident === undefined ? others : [incident, ...others]
