// What a flag can be set to: from a word or value in a text to a variant, and from a variant to a direction.

import { isDeepStrictEqual } from 'node:util'
import type { FlagDefinition } from '../../../wire/catalogue.js'
import type { Direction, FlagAction } from '../../../wire/runbook.js'
import type { Prose } from '../structure/prose.js'
import { spellingOf } from './flag-mentions.js'

/** What reading needs to know of a flag. */
export type KnownFlag = Pick<FlagDefinition, 'key' | 'variants' | 'defaultVariant' | 'killVariant'>

/** A value the flag does not have, or a flip that does not say which way. */
type Oddity = { flag: string; said: string; line: number }

export type FlagReading = {
  actions: FlagAction[]
  oddities: Oddity[]
  /** Flips that are forbidden, stated or of something else: read, and no flip of this flag. */
  denied: { flag: string; line: number }[]
}

export const nothingRead = (): FlagReading => ({ actions: [], oddities: [], denied: [] })

export type KnownFlags = {
  all: readonly KnownFlag[]
  byKey: ReadonlyMap<string, KnownFlag>
  /** By the environment variable a key would be: `PILOT_ENABLED`. */
  byVariable: ReadonlyMap<string, KnownFlag>
  /** Whole words of a text that are known keys or their variables, longest first; undefined where no flag is known. */
  keys: RegExp | undefined
  /** The flag a bare application name may mean ("disable pilot"): its one boolean flag, where a kill turns it off. */
  byName: ReadonlyMap<string, KnownFlag>
  /** Whole words of a text that are such names. */
  names: RegExp | undefined
  /** The key by what is left of it without case and separators. */
  bySpelling: ReadonlyMap<string, string>
  /** Reads flips in the runbook's own language, where that is not English. */
  speaks?: (prose: Prose, flags: KnownFlags) => FlagReading
  /** The names of this service's environment, in small letters. */
  environments: readonly string[]
}

export function knownFlags(all: readonly KnownFlag[], environments: readonly string[] = []): KnownFlags {
  const byVariable = variablesOf(all)
  const byName = namesOf(all)
  const escaped = [...all.map(({ key }) => key), ...byVariable.keys()]
    .sort((one, other) => other.length - one.length)
    .map(key => key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return {
    all,
    byKey: new Map(all.map(flag => [flag.key, flag])),
    byVariable,
    keys:
      all.length > 0 ? new RegExp(`(?<![\\w.-])(?:${escaped.join('|')})(?![\\w-]|\\.\\w)`, 'g') : undefined,
    byName,
    names:
      byName.size > 0
        ? new RegExp(`(?<![\\w./-])(?:${[...byName.keys()].join('|')})(?![\\w/-]|\\.\\w)`, 'gi')
        : undefined,
    bySpelling: new Map(all.map(({ key }) => [spellingOf(key), key])),
    environments: environments.map(name => name.toLowerCase()),
  }
}

/** A variable that two keys would be stands for neither. */
function variablesOf(all: readonly KnownFlag[]): Map<string, KnownFlag> {
  const variables = new Map<string, KnownFlag>()
  const shared = new Set<string>()
  for (const flag of all) {
    const name = flag.key.toUpperCase().replace(/[.:/-]/g, '_')
    if (variables.has(name)) shared.add(name)
    variables.set(name, flag)
  }
  return new Map(
    [...variables].filter(([name, { key }]) => !shared.has(name) && name.includes('_') && name !== key),
  )
}

function namesOf(all: readonly KnownFlag[]): Map<string, KnownFlag> {
  const names = new Map<string, KnownFlag[]>()
  for (const flag of all.filter(one => one.key.includes('.') && isBoolean(one))) {
    const name = flag.key.slice(0, flag.key.indexOf('.')).toLowerCase()
    names.set(name, [...(names.get(name) ?? []), flag])
  }
  const fits = [...names].filter(([, flags]) => flags.length === 1 && killValue(flags[0]!) === false)
  return new Map(fits.map(([name, flags]) => [name, flags[0]!]))
}

export const isBoolean = (flag: KnownFlag): boolean =>
  Object.values(flag.variants).every(value => typeof value === 'boolean')

const killValue = (flag: KnownFlag) => flag.variants[flag.killVariant]

const ON = ['true', 'on', 'enabled', 'enable', 'yes', '1']
const OFF = ['false', 'off', 'disabled', 'disable', 'no', '0']

/** The variant a value or a word means, by value first, then by the variant's name, then as on and off. */
export function variantOf(flag: KnownFlag, said: unknown): string | undefined {
  const entries = Object.entries(flag.variants)
  const exact = entries.find(([, value]) => isDeepStrictEqual(value, said))
  if (exact) return exact[0]
  const word = String(said).toLowerCase()
  const named =
    entries.find(([, value]) => typeof value !== 'object' && String(value).toLowerCase() === word) ??
    entries.find(([name]) => name.toLowerCase() === word)
  if (named) return named[0]
  const side = ON.includes(word) ? true : OFF.includes(word) ? false : undefined
  return side === undefined ? undefined : entries.find(([, value]) => value === side)?.[0]
}

function directionOf(flag: KnownFlag, variant: string): Direction {
  const value = flag.variants[variant]
  if (isDeepStrictEqual(value, killValue(flag))) return 'kill'
  return isDeepStrictEqual(value, flag.variants[flag.defaultVariant]) ? 'restore' : 'other'
}

export function actionOf(
  flag: KnownFlag,
  variant: string,
  line: number,
  confidence: FlagAction['confidence'],
): FlagAction {
  const direction = directionOf(flag, variant)
  return { flag: flag.key, variant, value: flag.variants[variant], direction, line, confidence }
}
