// Runs a scenario at length: world after world, each from a seed of its own, and adds up what was seen. A violation is told
// with the command that replays its world.

import type { Violation } from '../check.js'
import { figuresOf, type Scenario } from './scenario.js'

export type Total = {
  rounds: number
  violations: (Violation & { again: string })[]
  times: Record<string, number[]>
  counts: Record<string, number>
  skipped?: string
}

export type Run = { seed: number; rounds: number; say?: (line: string) => void }

export async function runScenario(scenario: Scenario, { seed, rounds, say }: Run): Promise<Total> {
  const total: Total = { rounds: 0, violations: [], times: {}, counts: {} }
  for (let next = seed; total.rounds < rounds && total.skipped === undefined; next++) {
    const some = Math.min(scenario.rounds.world, rounds - total.rounds)
    await runWorld(scenario, { seed: next, rounds: some }, total)
    const { violations } = total
    say?.(
      `${scenario.name}, seed ${next}: ${total.rounds} of ${rounds} rounds, ${violations.length} violations`,
    )
  }
  return total
}

/** A world that could not be brought to its end is a violation too: something hung, or broke off. */
async function runWorld(
  scenario: Scenario,
  asked: { seed: number; rounds: number },
  total: Total,
): Promise<void> {
  const closers: (() => void | Promise<void>)[] = []
  const again = `npm run chaos -- --scenario ${scenario.name} --rounds ${asked.rounds} --seed ${asked.seed}`
  try {
    const seen = await scenario.run({ after: close => void closers.push(close) }, asked)
    if (seen.skipped !== undefined) {
      total.skipped = seen.skipped
      return
    }
    total.violations.push(...seen.violations.map(violation => ({ ...violation, again })))
    for (const [name, times] of Object.entries(seen.times ?? {}))
      total.times[name] = [...(total.times[name] ?? []), ...times]
    for (const [name, count] of Object.entries(seen.counts ?? {}))
      total.counts[name] = (total.counts[name] ?? 0) + count
  } catch (error) {
    total.violations.push({ invariant: 'run', detail: (error as Error).stack ?? String(error), again })
  } finally {
    for (const close of closers.reverse()) await close()
  }
  total.rounds += asked.rounds
}

export function describeTotal(scenario: Scenario, total: Total): string {
  if (total.skipped !== undefined) return `${scenario.name}: SKIPPED, ${total.skipped}`
  const counted = Object.entries(total.counts).map(([name, count]) => `${count} ${name}`)
  return [
    `${scenario.name} (${scenario.what}): ${total.rounds} rounds, ${total.violations.length} violations`,
    ...(counted.length > 0 ? [`  ${counted.join(', ')}`] : []),
    ...Object.entries(total.times).map(([name, times]) => `  ${describeTimes(scenario, name, times)}`),
    ...total.violations.slice(0, 40).map(({ invariant, detail }) => `  ${invariant}: ${detail}`),
    ...[...new Set(total.violations.map(({ again }) => again))].map(again => `  again: ${again}`),
  ].join('\n')
}

function describeTimes({ wanted }: Scenario, name: string, times: readonly number[]): string {
  const { p50, p99, max } = figuresOf(times)
  const asked = Object.entries(wanted?.[name] ?? {}).map(([figure, ms]) => `; wanted: ${figure} ${ms} ms`)
  return `${name}: p50 ${p50} ms, p99 ${p99} ms, at most ${max} ms (${times.length})${asked.join('')}`
}
