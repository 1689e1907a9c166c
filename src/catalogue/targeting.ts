// Asks flagd's own evaluator whether it understands a targeting rule. A rule that fails gives each caller its own
// default, so it is refused while somebody is awake. It evaluates nothing for an app.

import { FlagdCore } from '@openfeature/flagd-core'
import type { Members } from './members.js'
import { faultyNumbers } from './numbers.js'
import type { Variants } from './variants.js'
import { toValue } from './yaml.js'

const SILENT = { error() {}, warn() {}, info() {}, debug() {} }

/** The rule, or undefined where there is none; an empty map is none. */
export function readTargeting(
  flag: Members,
  variants: Variants | undefined,
  defaultVariant: string | undefined,
): Record<string, unknown> | undefined {
  const map = flag.map('targeting')
  if (map === undefined || map.names().length === 0) return undefined
  const node = flag.node('targeting')!
  // a neighbour of the number would match as well
  for (const { path, line, fault } of faultyNumbers(node))
    flag.report(line, `${map.path}${path} ${fault}, and have apps give it as text`)
  const targeting = toValue(node) as Record<string, unknown>
  const problem =
    variants === undefined || defaultVariant === undefined
      ? undefined
      : problemOf(JSON.stringify({ state: 'ENABLED', variants, defaultVariant, targeting }))
  if (problem !== undefined) {
    flag.fault(
      'targeting',
      `is not a rule that flagd evaluates (${problem}): see flagd.dev/reference/flag-definitions, or remove it`,
    )
  }
  return targeting
}

/** Evaluated once without a context: that finds unknown operators and results that are no variant. */
function problemOf(definition: string): string | undefined {
  try {
    const core = new FlagdCore(undefined, SILENT, { disableDynamicCodeGeneration: true })
    core.setConfigurations(`{"flags":{"it":${definition}}}`)
    const result = core.getFlag('it')?.evaluate({}, SILENT)
    return result?.reason === 'ERROR'
      ? (result.errorMessage ?? 'unknown').replace(/ (for|in) flag .*$/, '')
      : undefined
  } catch (error) {
    return (error as Error).message
  }
}
