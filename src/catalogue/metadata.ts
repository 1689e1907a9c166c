// What a definition's metadata says about a kill: who owns it, what it does, what it is called, who may. Scalars only,
// as flagd has it; a member that is misspelt is refused, since a kill that is not what was meant shows too late.

import { reaches } from '../domain/actor.js'
import type { FlagDefinition } from '../wire/catalogue.js'
import { type FlagValue, ROLES, type Role, type Scalar } from '../wire/words.js'
import { didYouMean, quote } from './faults.js'
import type { Members } from './members.js'
import { faultOfNumber } from './numbers.js'
import type { Variants } from './variants.js'
import { describe } from './yaml.js'

export const METADATA = [
  'description',
  'owner',
  'effect',
  'killVariant',
  'killLabel',
  'restoreLabel',
  'killRole',
  'restoreRole',
  'staleAfterSeconds',
  'onStale',
  'message',
] as const

/** Roles that act; `sdk` and `viewer` do not. */
const ACTING: readonly Role[] = ROLES.filter(role => reaches(role, 'operator'))
/** A longer wait is as good as for ever, and a timer holds no more than 24 days. */
const LONGEST_WAIT = 7 * 24 * 60 * 60
const LONGEST_LABEL = 80
const LONGEST_TEXT = 2000

export type Metadata = Omit<
  FlagDefinition,
  'key' | 'application' | 'variants' | 'defaultVariant' | 'targeting'
>

/** Complete metadata, or undefined after at least one fault. `variants` is undefined where they were at fault. */
export function readMetadata(
  flag: Members,
  key: string,
  variants: Variants | undefined,
  defaultVariant: string | undefined,
): Metadata | undefined {
  const metadata = flag.map(
    'metadata',
    'it holds description, owner, effect and killVariant, which a kill needs',
  )
  if (metadata === undefined) return undefined
  metadata.refuseUnknown([...METADATA, ...metadata.names().filter(isOwn)], () => undefined)
  const written = readScalars(metadata)
  const description = metadata.text('description', { required: 'say what the flag protects', ...LONG })
  const owner = metadata.text('owner', { required: 'name the team that answers for the flag' })
  const effect = metadata.text('effect', { required: 'say what a kill does to work in progress', ...LONG })
  const killVariant = readKillVariant(metadata, variants)
  const labels = readLabels(metadata, key, isPlain(variants, defaultVariant, killVariant))
  const roles = readRoles(metadata)
  const stale = readStale(metadata)
  const message = metadata.text('message', { max: 500 })
  if (!description || !owner || !effect || !killVariant || !labels || !roles) return undefined
  return {
    killVariant,
    description,
    owner,
    effect,
    ...labels,
    ...roles,
    ...stale,
    metadata: written,
    ...(message === undefined ? {} : { message }),
  }
}

const LONG = { lines: 'many', max: LONGEST_TEXT } as const
const isOwn = (name: string): boolean => /^x-[a-z0-9-]{1,60}$/.test(name)

function readScalars(metadata: Members): Record<string, Scalar> {
  const scalars: [string, Scalar][] = []
  for (const name of metadata.names()) {
    const node = metadata.node(name)!
    const isNumber = node.kind === 'scalar' && typeof node.value === 'number'
    const problem = isOwn(name) && isNumber ? faultOfNumber(node.value as number) : undefined
    if (problem !== undefined) metadata.fault(name, problem)
    else if (node.kind === 'scalar' && node.value !== null) {
      scalars.push([name, typeof node.value === 'string' ? node.value.trim() : node.value])
    } else if (isOwn(name)) {
      metadata.fault(
        name,
        `must be text, a number, true or false, as flagd has it, but it is ${describe(node)}`,
      )
    }
  }
  return Object.fromEntries(scalars)
}

function readKillVariant(metadata: Members, variants: Variants | undefined): string | undefined {
  const example = 'name the variant a kill pins, for example `killVariant: off`'
  const node = metadata.node('killVariant')
  if (node?.kind === 'scalar' && node.value !== null && typeof node.value !== 'string') {
    metadata.fault(
      'killVariant',
      `is ${describe(node)}, but it is a variant's name that is asked for: ${example}`,
    )
    return undefined
  }
  const name = metadata.text('killVariant', { required: example })
  if (name === undefined || variants === undefined || Object.hasOwn(variants, name)) return name
  metadata.fault('killVariant', notAVariant(name, variants))
  return undefined
}

export function notAVariant(name: string, variants: Variants): string {
  const names = Object.keys(variants)
  return `${quote(name)} is not one of its variants (${names.join(', ')})${didYouMean(name, names)}`
}

type Values = Readonly<Record<string, FlagValue>>

/** A kill from true to false needs no label of its own. Unknown where a variant is missing: then nothing is asked. */
function isPlain(
  variants: Values | undefined,
  normal: string | undefined,
  kill: string | undefined,
): boolean {
  if (variants === undefined || normal === undefined || kill === undefined) return true
  return variants[normal] === true && variants[kill] === false
}

function readLabels(metadata: Members, key: string, plain: boolean) {
  const why = 'a kill of this flag is not a plain true to false, so the button must say what it does'
  const rule = (example: string) => ({
    max: LONGEST_LABEL,
    ...(plain ? {} : { required: `${why}: ${example}` }),
  })
  const kill = metadata.text('killLabel', rule('for example "Turn degraded mode ON"'))
  const restore = metadata.text('restoreLabel', rule('for example "Turn degraded mode OFF"'))
  if (kill !== undefined && kill === restore) {
    metadata.fault(
      'restoreLabel',
      `is the same as killLabel (${quote(kill)}): the two acts must not look alike`,
    )
    return undefined
  }
  const labels = { killLabel: kill ?? `Turn ${key} off`, restoreLabel: restore ?? `Turn ${key} on` }
  return plain || (kill !== undefined && restore !== undefined) ? labels : undefined
}

function readRoles(metadata: Members): { killRole: Role; restoreRole: Role } | undefined {
  const killRole = readRole(metadata, 'killRole', 'operator')
  const restoreRole = readRole(metadata, 'restoreRole', 'engineer')
  if (killRole === undefined || restoreRole === undefined) return undefined
  if (!reaches(restoreRole, killRole)) {
    metadata.fault(
      'killRole',
      `${killRole} is above the restore role ${restoreRole}: a kill must never be harder than its restore; lower killRole or raise restoreRole`,
    )
    return undefined
  }
  return { killRole, restoreRole }
}

function readRole(metadata: Members, name: 'killRole' | 'restoreRole', otherwise: Role): Role | undefined {
  if (metadata.node(name) === undefined) return otherwise
  const text = metadata.text(name)
  if (text === undefined) return undefined
  const role = ACTING.find(acting => acting === text)
  if (role !== undefined) return role
  const passive = ROLES.some(known => known === text)
    ? ': that role reads and flips nothing'
    : didYouMean(text, ACTING)
  metadata.fault(name, `${quote(text)} is not one of ${ACTING.join(', ')}${passive}`)
  return undefined
}

function readStale(metadata: Members): Pick<FlagDefinition, 'onStale' | 'staleAfterSeconds'> {
  const staleAfterSeconds = metadata.wholeNumber('staleAfterSeconds', 1, LONGEST_WAIT)
  const onStale = metadata.choice('onStale', ['keep', 'kill']) ?? 'keep'
  if (onStale === 'kill' && metadata.node('staleAfterSeconds') === undefined) {
    metadata.fault(
      'onStale',
      'kill needs staleAfterSeconds: say after how long without contact the app kills the flag',
    )
  }
  return { onStale, ...(staleAfterSeconds === undefined ? {} : { staleAfterSeconds }) }
}
