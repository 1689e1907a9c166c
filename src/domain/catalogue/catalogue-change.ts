// What one catalogue changed against the one before it: flags and their members, runbooks and how many steps they have; as
// members of the entry, and in one sentence.

import type { CatalogueChange, CatalogueDocument, FlagDefinition } from '../../wire/catalogue.js'
import type { Entry } from '../log/audit.js'

/** How many steps a runbook has, by the digest of its source; what was not read is not there. */
export type StepCounts = ReadonlyMap<string, number>

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)
const LONGEST_VALUE = 80

/** Undefined of the first catalogue, which changes nothing. */
export function catalogueChange(
  before: CatalogueDocument | undefined,
  now: CatalogueDocument,
  steps: StepCounts,
): CatalogueChange | undefined {
  if (before === undefined) return undefined
  const flags = compared(before.flags, now.flags, ({ key }) => key)
  const runbooks = compared(before.runbooks, now.runbooks, ({ id }) => id)
  const counted = ({ id, digest }: { id: string; digest: string }) => {
    const count = steps.get(digest)
    return { id, ...(count === undefined ? {} : { steps: count }) }
  }
  return {
    flags: {
      added: flags.added.map(({ key }) => key),
      removed: flags.removed.map(({ key }) => key),
      changed: flags.changed.map(([was, is]) => ({ flag: is.key, members: membersOf(was, is) })),
    },
    runbooks: {
      added: runbooks.added.map(counted),
      removed: runbooks.removed.map(counted),
      changed: runbooks.changed.map(([was, is]) => {
        const count = steps.get(was.digest)
        return { ...counted(is), ...(count === undefined ? {} : { before: count }) }
      }),
    },
    others: (['applications', 'links'] as const).filter(name => !same(before[name], now[name])),
  }
}

function compared<T>(before: readonly T[], now: readonly T[], idOf: (item: T) => string) {
  const known = new Map(before.map(each => [idOf(each), each]))
  const kept = new Set(now.map(idOf))
  return {
    added: now.filter(each => !known.has(idOf(each))),
    removed: before.filter(each => !kept.has(idOf(each))),
    changed: now.flatMap((each): [T, T][] => {
      const was = known.get(idOf(each))
      return was === undefined || same(was, each) ? [] : [[was, each]]
    }),
  }
}

type Members = CatalogueChange['flags']['changed'][number]['members']

/** With what they were and are, where that is short. Most of a definition stands in its metadata as well. */
function membersOf(was: FlagDefinition, is: FlagDefinition): Members {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])] as (keyof FlagDefinition)[]
  const changed = names.filter(name => !same(was[name], is[name]))
  const own = changed.filter(name => name !== 'metadata')
  return (own.length > 0 ? own : changed).map(name => ({
    name,
    ...shortly('was', was[name]),
    ...shortly('now', is[name]),
  }))
}

const shortly = (name: 'was' | 'now', value: unknown) =>
  isScalar(value) && String(value).length <= LONGEST_VALUE ? { [name]: value } : {}

const NAMED = 3
const list = (names: readonly string[]): string =>
  names.length <= NAMED
    ? names.join(', ')
    : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`
const part = (what: string, names: readonly string[]): string =>
  names.length > 0 ? `${what} ${list(names)}` : ''

/** Undefined for an entry that is no catalogue, or of a version that kept no change. */
export function catalogueWords({
  catalogueChange: change,
}: Pick<Entry, 'catalogueChange'>): string | undefined {
  if (change === undefined) return undefined
  const { flags, runbooks, others } = change
  const parts = [
    part('flags added', flags.added),
    part('flags removed', flags.removed),
    part('flags changed', flags.changed.map(changedFlag)),
    part('runbooks added', runbooks.added.map(withSteps)),
    part('runbooks removed', runbooks.removed.map(withSteps)),
    part('runbooks changed', runbooks.changed.map(changedRunbook)),
    part('also changed', others),
  ].filter(each => each !== '')
  return `Catalogue: ${parts.join('; ') || 'the same flags and runbooks in another order'}`
}

/** `ai_v1 (killRole operator -> engineer, variants)` */
const changedFlag = ({ flag, members }: CatalogueChange['flags']['changed'][number]): string =>
  `${flag} (${members
    .map(({ name, was, now }) =>
      was === undefined && now === undefined ? name : `${name} ${was ?? 'none'} -> ${now ?? 'none'}`,
    )
    .join(', ')})`

const plural = (count: number): string => `${count} step${count === 1 ? '' : 's'}`

const withSteps = ({ id, steps }: { id: string; steps?: number }): string =>
  steps === undefined ? id : `${id} (${plural(steps)})`

const changedRunbook = ({ id, steps, before }: CatalogueChange['runbooks']['changed'][number]): string =>
  steps === undefined || before === undefined || steps === before
    ? withSteps({ id, ...(steps === undefined ? {} : { steps }) })
    : `${id} (${before} -> ${plural(steps)})`

/** Whether a change is one of these flags, or of the runbook. What nobody can say of whom it is may be theirs. */
export function mayConcern(
  { catalogueChange: change }: Pick<Entry, 'catalogueChange'>,
  flags: readonly string[],
  runbook: string | undefined,
): boolean {
  if (change === undefined || flags.length === 0) return true
  const { added, changed, removed } = change.flags
  const isRunbook = ({ id }: { id: string }) => id === runbook
  return (
    removed.length > 0 ||
    change.others.length > 0 ||
    [...added, ...changed.map(each => each.flag)].some(each => flags.includes(each)) ||
    Object.values(change.runbooks).flat().some(isRunbook)
  )
}
