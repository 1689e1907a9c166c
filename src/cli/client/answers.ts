// What the API answers, as far as the CLI looks into it. Built from the domain's types: nothing else is shared.

import type { Role } from '../../domain/actor.js'
import type { Action, Entry, Outcome, StepReference } from '../../domain/audit.js'
import type { Convergence } from '../../domain/convergence.js'
import type { RunVerdict, Way } from '../../domain/errors.js'
import type { Hold, HoldSummary } from '../../domain/hold.js'
import type { Link, Moment, Resolution, Tick } from '../../domain/incident.js'
import type { ClockItem } from '../../domain/incident-clock.js'
import type { Receipt } from '../../domain/receipt.js'
import type { Runbook, Step } from '../../domain/runbook.js'

type Side = { label: string; variant: string; value: unknown; role: Role }
export type HeldBy = Omit<Hold, 'flag'>

export type Flag = {
  key: string
  application: string
  environment: string
  description: string
  owner: string
  effect: string
  killed: boolean
  variant: string | null
  value: unknown
  label: string
  kill: Side
  restore: Side
  holds: HeldBy[]
  orphaned: boolean
  place: number
  convergence?: Convergence
  steps?: { id: string; code: string; direction: string }[]
}
export type FlagList = { environment: string; revision: number; upstream: 'live' | 'stale'; flags: Flag[] }

export type Warned = { code: string; detail: string; near?: string[]; wayOut?: Way[] }
export type Flip = {
  id: number
  key: string
  action: Action
  outcome: Outcome
  changed: boolean
  flag?: string
  application?: string
  summary: string
  killed?: boolean
  hold?: string
  released?: string[]
  holds?: HoldSummary[]
  incident?: string
  step?: StepReference
  offRunbook: boolean
  reason?: string
  actor: { id: string; role: Role; via: string }
  at: string
  warnings: Warned[]
}
export type FlipAnswer = Flip & {
  environment: string
  durability?: 'journal' | 'both' | 'store' | 'provisional'
  replayed: boolean
  flips?: Flip[]
  convergence?: Convergence[]
}
export type FlipStatus = {
  state: 'applied' | 'unchanged' | 'refused' | 'provisional' | 'pending' | 'never'
  environment: string
  detail: string
  flip?: Flip
  flips?: Flip[]
  convergence?: Convergence[]
}

export type StepView = Step & { runbook: string }
export type StepsPage = {
  steps: StepView[]
  run?: {
    verdicts: RunVerdict[]
    needsFlags: boolean
    children: { id: string; code: string; text: string }[]
  }
}
export type RunbookView = Runbook
export type RunbookSummary = {
  id: string
  title: string
  digest: string
  steps: number
  severities: string[]
  flags: string[]
  findings: number
}

export type LogEntry = Entry & { place: number; hash: string }
export type AuditPage = {
  entries: LogEntry[]
  next?: string
  examined: number
  head: number
  upstream: 'live' | 'stale'
}

export type Member = Receipt & {
  liveness: 'live' | 'lost' | 'closed'
  lastHeardAt: string
  ageMs: number
  current: boolean
}
export type Instances = {
  environment: string
  revision: number
  live: number
  lost: number
  instances: Member[]
}

export type Ready = {
  status: 'ready' | 'degraded' | 'not-ready'
  environment: string
  head: number
  revision: number
  degraded: { code: string; detail: string }[]
}

export type IncidentSummary = {
  id: string
  title: string
  status: 'open' | 'resolved'
  severity: string
  commander?: string
  runbook: { id: string; digest: string }
  declared: Moment & { by: string }
  resolved?: Resolution
  flags: string[]
  overdue: number
}
export type IncidentList = { environment: string; incidents: (IncidentSummary & { holds: number })[] }
export type IncidentStep = Pick<Step, 'id' | 'code' | 'text' | 'line' | 'flagActions' | 'condition'> & {
  ticked?: Tick
}
export type IncidentView = IncidentSummary & {
  environment: string
  killed?: Moment
  restored?: Moment
  kills: number[]
  holds: (HeldBy & { flag: string; label: string })[]
  clock: ClockItem[]
  open: { what: string; detail: string }[]
  steps: IncidentStep[]
  ticks: Tick[]
  links: Link[]
  runbookEdited: boolean
}
export type IncidentAnswer = {
  id: string
  changed: boolean
  environment: string
  durability?: FlipAnswer['durability']
  replayed: boolean
  warnings: Warned[]
  entries: { place: number; action: string; outcome: string; at: string; summary: string }[]
  adopted?: { flag: string; hold: string }[]
  incident: IncidentView
}
export type DeclareAnswer = IncidentAnswer & {
  changedFlags: { at: string; flag?: string; summary: string; actor: string; incident?: string }[]
  notAdopted: { flag: string; hold: string; actor: string }[]
}
