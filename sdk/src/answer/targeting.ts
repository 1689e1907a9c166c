// Targeting rules, by @openfeature/flagd-core where the app has installed it. Needed for rules alone: a flag that is
// killed never comes here, and its absence is no failure.

import type { Definition } from '../follow/known.js'
import type { Voice } from '../logger.js'
import { asJson } from './context.js'

/** `matched`: the rule chose the variant. No variant: the default one stands. */
export type TargetingResult = { variant?: string; matched: boolean; error?: string }

/** Compiles the rule of one flag; undefined where it cannot be evaluated. The function it gives never throws. */
export type Targeting = (
  key: string,
  definition: Definition,
) => ((context: object) => TargetingResult) | undefined

/** As the service does: code that is generated of a rule falls back where a member is null, and a rule that is read does not. */
const INTERPRETED = { disableDynamicCodeGeneration: true }

/** Loads flagd-core. Without it: undefined, said once. */
export async function loadTargeting(voice: Voice): Promise<Targeting | undefined> {
  try {
    const { FeatureFlag } = await import('@openfeature/flagd-core')
    const quiet = { error() {}, warn() {}, info() {}, debug() {} }
    const compiled = new WeakMap<Definition, (context: object) => TargetingResult>()
    return (key, definition) => {
      const known = compiled.get(definition)
      if (known) return known
      const evaluate = compile(
        key,
        definition,
        document => new FeatureFlag(key, document as never, quiet, INTERPRETED),
      )
      if (evaluate) compiled.set(definition, evaluate)
      return evaluate
    }
  } catch {
    voice.once(
      'targeting',
      'a flag has targeting rules and @openfeature/flagd-core is not installed: such flags go by their default ' +
        'variant. Kills need no flagd-core. Install it with: npm install @openfeature/flagd-core',
    )
    return undefined
  }
}

type Evaluated = { reason: string; variant?: string; errorMessage?: string }
type Rule = { evaluate(context: never): Evaluated }

function compile(key: string, definition: Definition, build: (document: object) => Rule) {
  const { variants, defaultVariant, targeting } = definition
  try {
    const rule = build({ state: 'ENABLED', variants, defaultVariant, targeting })
    return (context: object): TargetingResult => {
      try {
        return read(rule.evaluate(asJson(context) as never))
      } catch (error) {
        return { matched: false, error: String(error) }
      }
    }
  } catch (error) {
    const told = { matched: false, error: `the targeting of ${key} cannot be read: ${String(error)}` }
    return () => told
  }
}

function read(result: Evaluated): TargetingResult {
  if (result.reason === 'ERROR')
    return { matched: false, error: result.errorMessage ?? 'targeting could not be evaluated' }
  const matched = result.reason === 'TARGETING_MATCH'
  return result.variant === undefined ? { matched } : { matched, variant: result.variant }
}
