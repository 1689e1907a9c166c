// Targeting rules, compiled once per definition and evaluated by flagd's own evaluator. Total: a rule that throws, or names
// a variant that is not there, gives the default variant.

import { FeatureFlag } from '@openfeature/flagd-core'
import type { FlagDefinition } from '../wire/catalogue.js'
import type { FlagValue } from '../wire/words.js'

export type Targeted = { variant: string; value: FlagValue; reason: 'TARGETING_MATCH' | 'DEFAULT' }

const SILENT = { error() {}, warn() {}, info() {}, debug() {} }

/** No code is generated from a rule: it is interpreted, as it was when the catalogue was checked. */
const INTERPRETED = { disableDynamicCodeGeneration: true }

/** By definition, so that a rule that did not change is not compiled again. */
const compiled = new WeakMap<FlagDefinition, FeatureFlag | 'faulty'>()

export function evaluateTargeting(definition: FlagDefinition, context: Record<string, unknown>): Targeted {
  const rule = ruleOf(definition)
  if (rule === 'faulty') return defaultOf(definition)
  try {
    const { value, variant, reason } = rule.evaluate(context as never, SILENT)
    if (value === undefined || variant === undefined || reason !== 'TARGETING_MATCH')
      return defaultOf(definition)
    return { value: value as FlagValue, variant, reason: 'TARGETING_MATCH' }
  } catch {
    return defaultOf(definition)
  }
}

const defaultOf = ({ variants, defaultVariant }: FlagDefinition): Targeted => ({
  variant: defaultVariant,
  value: variants[defaultVariant] as FlagValue,
  reason: 'DEFAULT',
})

function ruleOf(definition: FlagDefinition): FeatureFlag | 'faulty' {
  const known = compiled.get(definition)
  if (known !== undefined) return known
  const rule = compile(definition)
  compiled.set(definition, rule)
  return rule
}

function compile({ key, variants, defaultVariant, targeting }: FlagDefinition): FeatureFlag | 'faulty' {
  try {
    const flag = { state: 'ENABLED', variants, defaultVariant, targeting } as never
    return new FeatureFlag(key, flag, SILENT, INTERPRETED)
  } catch {
    return 'faulty'
  }
}
