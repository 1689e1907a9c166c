// Questions to the log as a whole: counts, how long things took, who had which role. Answered from the index; no entry is
// read for a count, however long the log is.

import { type Clock, toSecond, toTimestamp } from '../domain/clock.js'
import { foldCredentials, type Told } from '../domain/credentials.js'
import { groupingsIn, MOST_GROUPS, Tally } from '../domain/log/audit-counts.js'
import type { AuditFilter } from '../domain/log/audit-query.js'
import { Insights } from '../domain/log/insights.js'
import { assertPast } from '../domain/log/past.js'
import type { LogState } from '../log/state.js'
import type { AuditCounts, AuditRoles } from '../wire/audit-questions.js'
import type { Credential } from '../wire/credentials.js'
import type { InsightsAnswer } from '../wire/insights.js'
import { beginningOf } from './beginning.js'

/** Whether drills count: not, alone, or both. */
export type Drills = 'false' | 'true' | 'any'

/** What one request goes over. */
const MOST_ROWS = 200_000
const MOST_ACTORS = 2_000
/** Entries about tokens files that one request reads, the newest ones. */
const MOST_TOLD = 200

const ROLES_DETAIL =
  'In "roles" each actor has the role of its last entry at or before that time. In "files" is who might do what by the tokens files, as the service told the log last; a token that was replaced while the service was down does not show.'

export class AuditQuestions {
  readonly #log: LogState
  readonly #clock: Clock
  readonly #most: number

  /** `most`: entries that one request counts; fewer for tests. */
  constructor(log: LogState, clock: Clock, most: number = MOST_ROWS) {
    this.#log = log
    this.#clock = clock
    this.#most = most
  }

  /** Throws `malformed-request`. */
  async counts(
    filter: AuditFilter,
    by: string,
    drill: Drills,
    signal: AbortSignal,
  ): Promise<Omit<AuditCounts, 'environment'>> {
    const groupings = groupingsIn(by)
    const tally = new Tally(groupings)
    const went = await this.#goOver({ ...filter, ...drillFilter(drill) }, signal, facts => tally.take(facts))
    const { total, groups, moreGroups, inMoreGroups } = tally.result()
    return {
      ...{ by: groupings, drill, total, groups },
      ...(moreGroups === 0
        ? {}
        : {
            more: `${moreGroups} more groups, with ${inMoreGroups} entries, are left out: the largest ${MOST_GROUPS} are shown. Ask with more filters, or for a shorter time.`,
          }),
      ...went,
    }
  }

  /** Of a year, where no time is given. */
  async insights(
    asked: { application?: string; since?: string; until?: string },
    drill: Drills,
    signal: AbortSignal,
  ): Promise<Omit<InsightsAnswer, 'environment'>> {
    const { application, since = this.#yearAgo(), until } = asked
    const insights = new Insights()
    const filter: AuditFilter = {
      action: ['kill', 'incident.declared'],
      outcome: 'applied',
      since,
      ...(until === undefined ? {} : { until }),
      ...drillFilter(drill),
    }
    const went = await this.#goOver(filter, signal, facts => insights.take(facts))
    const all = insights.result()
    return {
      ...{ since, drill },
      ...(until === undefined ? {} : { until }),
      insights: application === undefined ? all : all.filter(each => each.application === application),
      ...went,
    }
  }

  /** The role of each actor as the log shows it at a time. Throws `malformed-request` for one to come. */
  async roles(
    { at, actor }: { at?: string; actor?: readonly string[] },
    signal: AbortSignal,
  ): Promise<Omit<AuditRoles, 'environment'>> {
    const now = this.#clock()
    const ms = at === undefined ? now : assertPast('at', at, now)
    const { find } = this.#log
    const to = await find.placeAt(ms, signal)
    const names = actor ?? (await find.names('actor', MOST_ACTORS + 1, signal))
    const roles: AuditRoles['roles'] = []
    let unreadable: string | undefined
    const onUnreadable = (said: string) => {
      unreadable = said
    }
    for (const name of names.slice(0, MOST_ACTORS)) {
      const rows = find.rows({ actor: name }, { order: 'newest', to, signal, onUnreadable })
      const [last] = (await rows.next()).value ?? []
      if (last === undefined) continue
      const { actor: id, role, via, at: entryAt } = last.facts
      roles.push({ actor: id, role, via, entry: last.place, entryAt })
    }
    return {
      at: toTimestamp(ms),
      roles: roles.sort((one, other) => (one.actor < other.actor ? -1 : 1)),
      files: await this.#files(to, actor, signal),
      detail: ROLES_DETAIL,
      unknown: to === 0 ? [await beginningOf(this.#log, signal)] : [],
      ...(names.length > MOST_ACTORS
        ? { more: `There are more than ${MOST_ACTORS} actors: name those you ask for with "actor".` }
        : {}),
      ...(unreadable === undefined ? {} : { unreadable }),
    }
  }

  /** Who might do what by the tokens files; of those named, where some are. */
  async #files(
    to: number,
    actor: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<AuditRoles['files']> {
    const { find } = this.#log
    const places: number[] = []
    const told = { action: ['tokens.changed', 'catalogue.loaded'] } as const
    for await (const rows of find.rows(told, { order: 'newest', to, signal }))
      if (places.push(...rows.map(({ place }) => place)) >= MOST_TOLD) break
    let files: readonly Told[] = []
    for (const place of places.slice(0, MOST_TOLD).reverse()) {
      const found = await find.entry(place)
      if (found !== undefined) files = foldCredentials(files, found.entry)
    }
    const isAsked = ({ id }: Credential) => actor === undefined || actor.includes(id)
    return files.map(({ instance, place, may }) => ({ instance, entry: place, may: may.filter(isAsked) }))
  }

  /** Newest first, up to what one request may go over; what was left out is said. */
  async #goOver(
    filter: AuditFilter,
    signal: AbortSignal,
    take: (facts: Parameters<Tally['take']>[0]) => void,
  ): Promise<{ cut?: string; unreadable?: string }> {
    let unreadable: string | undefined
    const onUnreadable = (said: string) => {
      unreadable = said
    }
    let [taken, last, cut] = [0, '', false]
    for await (const rows of this.#log.find.rows(filter, { order: 'newest', signal, onUnreadable })) {
      cut = taken + rows.length > this.#most
      for (const { facts } of cut ? rows.slice(0, this.#most - taken) : rows) {
        take(facts)
        taken++
        last = facts.at
      }
      if (cut) break
    }
    return {
      ...(cut
        ? {
            cut: `More entries match than one request counts: these are the newest ${taken}, since ${toSecond(last)} (${last}). Ask for the time before it with "until".`,
          }
        : {}),
      ...(unreadable === undefined ? {} : { unreadable }),
    }
  }

  /** The first of the month, a year before. */
  #yearAgo(): string {
    const now = new Date(this.#clock())
    return toTimestamp(Date.UTC(now.getUTCFullYear() - 1, now.getUTCMonth(), 1))
  }
}

const drillFilter = (drill: Drills): Pick<AuditFilter, 'drill'> =>
  drill === 'any' ? {} : { drill: drill === 'true' }
