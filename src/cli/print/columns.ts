// The columns of each list, by the names that CSV has them under: values as the API has them, one thing each.

import type { Flag, FlagThen } from '../../wire/flag.js'
import type { Housekeeping } from '../../wire/housekeeping.js'
import type { IncidentList } from '../../wire/incident.js'
import type { Instance } from '../../wire/instance.js'
import type { ListedStep, RunbookList } from '../../wire/runbook.js'
import type { Finding } from '../client/look.js'
import { describe, type ShownEntry } from './entry.js'
import { actsOn, firstLine } from './step.js'

type Value = string | number | boolean | undefined
export type Columns<T> = Record<string, (item: T) => Value>

export const FLAG_COLUMNS: Columns<Flag> = {
  flag: ({ key }) => key,
  application: ({ application }) => application,
  killed: ({ killed }) => killed,
  now: ({ killed, variant, restore }) => (killed ? (variant ?? '') : restore.variant),
  label: ({ label }) => label,
  holds: ({ holds }) => holds.length,
  heldBy: ({ holds }) => listed(holds.map(({ incident, actor }) => incident ?? actor)),
  since: ({ holds }) => holds[0]?.since,
  orphaned: ({ orphaned }) => orphaned,
  owner: ({ owner }) => owner,
  killRole: ({ kill }) => kill.role,
  restoreRole: ({ restore }) => restore.role,
  place: ({ place }) => place,
  lastProof: ({ lastProof }) => lastProof?.at,
}

export const FLAG_THEN_COLUMNS: Columns<FlagThen> = {
  flag: ({ key }) => key,
  application: ({ application }) => application,
  killed: ({ killed }) => killed,
  value: ({ value }) => (value === undefined ? undefined : JSON.stringify(value)),
  holds: ({ holds }) => holds.length,
  heldBy: ({ holds }) => listed(holds.map(({ incident, actor }) => incident ?? actor)),
  since: ({ holds }) => holds[0]?.since,
  unknown: ({ unknown }) => unknown,
}

export const INSTANCE_COLUMNS: Columns<Instance> = {
  instance: ({ instance }) => instance,
  application: ({ app }) => app,
  state: ({ liveness }) => liveness,
  proves: ({ proves }) => proves,
  current: ({ current }) => current,
  revision: ({ revision }) => revision,
  apart: ({ apart }) => apart.map(({ detail }) => detail).join('; '),
  heard: ({ lastHeardAt }) => lastHeardAt,
  opened: ({ openedAt }) => openedAt,
  started: ({ startedAt }) => startedAt,
  boot: ({ boot }) => boot,
  sdk: ({ sdk }) => sdk,
}

export const INCIDENT_COLUMNS: Columns<IncidentList['incidents'][number]> = {
  incident: ({ id }) => id,
  status: ({ status }) => status,
  severity: ({ severity }) => severity,
  title: ({ title }) => title,
  runbook: ({ runbook }) => runbook?.id,
  commander: ({ commander }) => commander,
  declared: ({ declared }) => declared.at,
  declaredBy: ({ declared }) => declared.by,
  resolved: ({ resolved }) => resolved?.at,
  holds: ({ holds }) => holds,
  flags: ({ flags }) => listed(flags),
  overdue: ({ overdue }) => overdue,
}

export const STEP_COLUMNS: Columns<ListedStep> = {
  code: ({ code }) => code,
  step: ({ id }) => id,
  runbook: ({ runbook }) => runbook,
  line: ({ line }) => line,
  does: step => actsOn(step),
  text: ({ text }) => firstLine(text),
  dangers: ({ dangers = [] }) => dangers.map(({ message }) => message).join('; '),
}

export const RUNBOOK_COLUMNS: Columns<RunbookList['runbooks'][number]> = {
  runbook: ({ id }) => id,
  title: ({ title }) => title,
  steps: ({ steps }) => steps,
  severities: ({ severities }) => listed(severities),
  flags: ({ flags }) => listed(flags),
}

export const ENTRY_COLUMNS: Columns<ShownEntry> = {
  place: ({ place }) => place,
  at: ({ at }) => at,
  action: ({ action }) => action,
  outcome: ({ outcome }) => outcome,
  actor: ({ actor }) => actor.id,
  role: ({ actor }) => actor.role,
  via: ({ actor }) => actor.via,
  flag: ({ flag, flags = [] }) => flag ?? listed(flags),
  application: ({ application }) => application,
  summary: entry => describe(entry),
  incident: ({ incident }) => incident,
  runbook: ({ runbook }) => runbook?.id,
  step: ({ step }) => step?.id,
  stepCode: ({ step }) => step?.code,
  offRunbook: ({ offRunbook }) => offRunbook ?? false,
  reason: ({ reason }) => reason,
  hash: ({ hash }) => hash,
}

export const FINDING_COLUMNS: Columns<Finding> = {
  where: ({ where }) => where,
  level: ({ level }) => level,
  what: ({ what }) => what,
  detail: ({ detail }) => detail,
}

/** What there is to tidy up, a row each. */
type Untidy = { kind: string } & Partial<Record<(typeof UNTIDY)[number], string>>
const UNTIDY = ['flag', 'app', 'instance', 'hold', 'actor', 'since', 'incident', 'detail'] as const

export const UNTIDY_COLUMNS: Columns<Untidy> = {
  kind: ({ kind }) => kind,
  ...Object.fromEntries(UNTIDY.map(name => [name, (item: Untidy) => item[name]])),
}

export const untidyIn = (found: Housekeeping): Untidy[] => [
  ...found.apart.map(({ app, instance, detail }) => ({ kind: 'apart', app, instance, detail })),
  ...found.unattended.map(({ why, left: _, ...each }) => ({ kind: 'unattended', ...each, detail: why })),
  ...found.longKilled.map(({ ageMs: _, ...each }) => ({ kind: 'longKilled', ...each })),
  ...found.left.map(({ owner, until, overdue, ...each }) => ({
    ...{ kind: 'left', ...each },
    detail: `${owner}, until ${until}${overdue ? ', overdue' : ''}`,
  })),
  ...found.paperwork.map(({ flag, hold, actor, at, incident, missing }) => ({
    ...{ kind: 'paperwork', flag, hold, actor, since: at },
    ...(incident === undefined ? {} : { incident }),
    detail: `no ${missing.join(', no ')}`,
  })),
  ...found.unexercised.map(({ flag, application }) => ({ kind: 'unexercised', flag, app: application })),
]

const listed = (names: readonly string[]): string => names.join(' ')
