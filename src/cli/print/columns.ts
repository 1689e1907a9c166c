// The columns of each list, by the names that CSV has them under: values as the API has them, one thing each.

import { COLUMNS_OF_ENTRIES } from '../../domain/log/entry-columns.js'
import type { AuditCounts, AuditRoles } from '../../wire/audit-questions.js'
import type { ListedEntry } from '../../wire/entry.js'
import type { Flag, FlagThen } from '../../wire/flag.js'
import type { Housekeeping } from '../../wire/housekeeping.js'
import type { IncidentList } from '../../wire/incident.js'
import type { Insight } from '../../wire/insights.js'
import type { Instance } from '../../wire/instance.js'
import type { ListedStep, RunbookList } from '../../wire/runbook.js'
import type { Finding } from '../client/look.js'
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

/** Those of the API's CSV. */
export const ENTRY_COLUMNS: Columns<ListedEntry> = Object.fromEntries(
  Object.entries(COLUMNS_OF_ENTRIES).map(([name, read]) => [
    name,
    (entry: ListedEntry) => read({ entry, hash: entry.hash, sentence: entry.sentence }),
  ]),
)

export const ROLE_COLUMNS: Columns<AuditRoles['roles'][number]> = {
  actor: ({ actor }) => actor,
  role: ({ role }) => role,
  via: ({ via }) => via,
  entry: ({ entry }) => entry,
  entryAt: ({ entryAt }) => entryAt,
}

/** By what was counted, and how many. */
export const groupColumns = (by: readonly string[]): Columns<AuditCounts['groups'][number]> =>
  Object.fromEntries(
    [...by, 'count'].map(name => [name, group => group[name as keyof typeof group] ?? undefined]),
  )

const spreadColumns = (of: 'declaredToKill' | 'killToProof' | 'killToRestore'): Columns<Insight> =>
  Object.fromEntries(
    (['count', 'unknown', 'minMs', 'medianMs', 'p90Ms', 'maxMs'] as const).map(name => [
      `${of}${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      insight => insight[of][name],
    ]),
  )

export const INSIGHT_COLUMNS: Columns<Insight> = {
  month: ({ month }) => month,
  application: ({ application }) => application ?? undefined,
  incidents: ({ incidents }) => incidents,
  kills: ({ kills }) => kills,
  undone: ({ undone }) => undone,
  ...spreadColumns('declaredToKill'),
  declaredToKillBefore: ({ declaredToKill }) => declaredToKill.before,
  ...spreadColumns('killToProof'),
  ...spreadColumns('killToRestore'),
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
