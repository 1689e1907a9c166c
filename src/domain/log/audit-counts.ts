// How many entries there are of each group: by flag, step, actor and the rest. An entry of several flags or
// incidents is in the group of each of them, and once in the total.

import { badInput, by } from '../errors.js'
import { applicationsIn, type Facts, incidentsIn } from './audit-facts.js'

/** What may be counted by: the values an entry has. None: it is in the group without one. */
const GROUPINGS = {
  flag: ({ flags = [] }) => flags,
  step: ({ step }) => (step === undefined ? [] : [step.id]),
  actor: ({ actor }) => [actor],
  action: ({ action }) => [action],
  outcome: ({ outcome }) => [outcome],
  application: applicationsIn,
  incident: incidentsIn,
  severity: ({ severity }) => (severity === undefined ? [] : [severity]),
  day: ({ at }) => [at.slice(0, 10)],
  month: ({ at }) => [at.slice(0, 7)],
} satisfies Record<string, (facts: Facts) => readonly string[]>
export type Grouping = keyof typeof GROUPINGS
export const GROUPING_NAMES = Object.keys(GROUPINGS) as Grouping[]

export const MOST_GROUPS = 1_000

type Group = { [G in Grouping]?: string | null } & { count: number }
type Counted = { total: number; groups: Group[]; moreGroups: number; inMoreGroups: number }

/** `flag,day`, as it is asked for. Throws `malformed-request`. */
export function groupingsIn(text: string): Grouping[] {
  const asked = [...new Set(text.split(',').map(each => each.trim()))]
  const strange = asked.filter(each => !GROUPING_NAMES.some(name => name === each))
  if (strange.length === 0) return asked as Grouping[]
  const problem = `is one or several of ${GROUPING_NAMES.join(', ')}`
  throw badInput(
    { in: 'query', path: 'query.by', rule: 'enum', problem },
    `"${strange.join(', ')}" is nothing that is counted by: "by" ${problem}.`,
    by('Write them with commas: by=flag,day.'),
  )
}

export class Tally {
  readonly #by: readonly Grouping[]
  readonly #counts = new Map<string, number>()
  #total = 0

  constructor(groupings: readonly Grouping[]) {
    this.#by = groupings
  }

  get total(): number {
    return this.#total
  }

  take(facts: Facts): void {
    this.#total++
    let groups: (string | null)[][] = [[]]
    for (const name of this.#by) {
      const values: readonly string[] = GROUPINGS[name](facts)
      const each = values.length > 0 ? [...new Set(values)] : [null]
      groups = groups.flatMap(group => each.map(value => [...group, value]))
    }
    for (const group of groups) {
      const key = JSON.stringify(group)
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    }
  }

  /** The largest groups; by day or month those of one day together, oldest first. */
  result(most: number = MOST_GROUPS): Counted {
    const all = [...this.#counts].map(([key, count]) => ({
      values: JSON.parse(key) as (string | null)[],
      count,
    }))
    type One = (typeof all)[number]
    const whenAt = this.#by.findIndex(name => name === 'day' || name === 'month')
    const whenOf = ({ values }: One) => (whenAt === -1 ? '' : (values[whenAt] ?? ''))
    const named = ({ values }: One) => JSON.stringify(values)
    const order = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
    const bySize = (one: One, other: One) => other.count - one.count || order(named(one), named(other))
    const sorted = all.sort(bySize)
    const left = sorted.slice(most)
    const groups = sorted
      .slice(0, most)
      .sort((one, other) => order(whenOf(one), whenOf(other)) || bySize(one, other))
      .map(({ values, count }) => ({
        ...(Object.fromEntries(this.#by.map((name, at) => [name, values[at]])) as Omit<Group, 'count'>),
        count,
      }))
    return {
      total: this.#total,
      groups,
      moreGroups: left.length,
      inMoreGroups: left.reduce((sum, { count }) => sum + count, 0),
    }
  }
}
