// One flag of a catalogue file, from its YAML map to a complete definition. Every rule of a definition is asked here or
// in variants, metadata and targeting; all of them are asked, so that every fault is told at once.

import { isDeepStrictEqual } from 'node:util'
import { FLAG_KEY_RULE, keyLike } from '../domain/catalogue/flag.js'
import type { FlagDefinition } from '../wire/catalogue.js'
import { FLAG_KEY } from '../wire/words.js'
import { didYouMean, quote } from './faults.js'
import type { Members } from './members.js'
import { METADATA, notAVariant, readMetadata } from './metadata.js'
import { readTargeting } from './targeting.js'
import { readVariants, type Variants } from './variants.js'

const FLAG = ['state', 'variants', 'defaultVariant', 'targeting', 'metadata'] as const

/** The definition, or undefined after at least one fault. */
export function readDefinition(flags: Members, key: string, application: string): FlagDefinition | undefined {
  if (!FLAG_KEY.test(key)) {
    const like = keyLike(key)
    const cure = like === undefined ? '' : `; ${quote(like)} would be one`
    flags.fault(key, `is not a flag key: ${FLAG_KEY_RULE}${cure}`)
  }
  const flag = flags.map(key)
  if (flag === undefined) return undefined
  flag.refuseUnknown(FLAG, name =>
    METADATA.some(known => known === name) ? `: write it below ${flag.path}.metadata` : undefined,
  )
  readState(flag)
  const variants = readVariants(flag)
  const defaultVariant = readDefaultVariant(flag, variants)
  const targeting = readTargeting(flag, variants, defaultVariant)
  const metadata = readMetadata(flag, key, variants, defaultVariant)
  if (variants === undefined || defaultVariant === undefined || metadata === undefined) return undefined
  requireDifference(flag, variants, defaultVariant, metadata.killVariant)
  return { key, application, variants, defaultVariant, ...(targeting && { targeting }), ...metadata }
}

function readState(flag: Members): void {
  const state = flag.text('state', { required: 'write `state: ENABLED`' })
  if (state === undefined || state === 'ENABLED') return
  const why =
    state === 'DISABLED'
      ? ' is refused: a disabled flag gives each caller its own default, so a kill of it would not be one; write ENABLED, and leave the stopping to a kill'
      : ` is not a state: write ENABLED${didYouMean(state, ['ENABLED']) && ' (as it stands, in capitals)'}`
  flag.fault('state', `${quote(state)}${why}`)
}

function readDefaultVariant(flag: Members, variants: Variants | undefined): string | undefined {
  const why = 'name the normal variant; without one each caller gets its own default'
  const node = flag.node('defaultVariant')
  if (node?.kind === 'scalar' && node.value === null) {
    flag.fault('defaultVariant', `is empty: ${why}`)
    return undefined
  }
  const name = flag.text('defaultVariant', { required: why })
  if (name === undefined || variants === undefined || Object.hasOwn(variants, name)) return name
  flag.fault('defaultVariant', notAVariant(name, variants))
  return undefined
}

function requireDifference(flag: Members, variants: Variants, normal: string, kill: string): void {
  if (!isDeepStrictEqual(variants[normal], variants[kill])) return
  const line = flag.map('metadata')?.lineOf('killVariant') ?? flag.line
  const both =
    normal === kill ? `both are ${quote(kill)}` : `${normal} and ${kill} are both ${quote(variants[kill])}`
  flag.report(
    line,
    `${flag.path}.metadata.killVariant has the value of defaultVariant (${both}): a kill would change nothing; name another variant`,
  )
}
