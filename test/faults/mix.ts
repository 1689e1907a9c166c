// A mix of faults under load, and what came of it. The same seed gives the same faults in the same order; what they meet
// is for the machine to decide.

import { writeFileSync } from 'node:fs'
import { randomFrom } from '../support/entries.js'
import type { Teardown } from '../support/testdir.js'
import { until } from '../support/until.js'
import { check, type Violation } from './check.js'
import { chooseFault, type Fault } from './faults.js'
import type { Forgery } from './forger.js'
import { fateOf, type History } from './history.js'
import { describeMends } from './mends.js'
import { falseProofs, type ProofHistory } from './proofs.js'
import { Provers } from './provers.js'
import { type Given, World } from './world.js'

export type Mix = Omit<Given, 'random'> & {
  seed: number
  faults: number
  /** Only these, by name. */
  only?: readonly string[]
  /** A file for what was seen, where it does not hold. */
  dump?: string
  /** Apps that prove what they apply, with somebody who asks for it and a forger; none where it does not say. */
  apps?: number
  /** What the forger tries, by name; everything, where it does not say. */
  forgeries?: readonly Forgery[]
  onFault?: (done: number, name: string) => void
}

export type Outcome = {
  violations: Violation[]
  faults: Map<string, number>
  history: History
  acknowledged: number
  provisional: number
  kills: { count: number; p50: number; p99: number; max: number }
  entries: number
  epochs: number
  notApplied: number
  proofs?: Proofs
}

type Proofs = {
  apps: number
  kills: number
  claims: number
  entries: number
  forged: number
  refused: number
  withheld: [why: string, count: number][]
}

/** What makes every kill unconfirmed comes late: before it, a forgery that worked would be seen. */
const QUIET_SHARE = 0.7
/** Faults that come one upon the other leave no kill the time to be proved. */
const PROOF_EVERY = 4

export async function runMix(t: Teardown, mix: Mix): Promise<Outcome> {
  const random = randomFrom(mix.seed)
  // the faults draw from a sequence of their own: how many writes there are must not change them
  const world = await World.start(t, { ...mix, random: randomFrom(mix.seed + 1) })
  const faults = new Map<string, number>()
  const { apps = 0, seed, forgeries } = mix
  const asked = { apps, seed, ...(forgeries === undefined ? {} : { forgeries }) }
  const provers = apps > 0 ? new Provers(world, asked) : undefined
  world.startWriting()
  provers?.start()
  for (let done = 0; done < mix.faults; ) {
    const fault = chooseFault(random)
    if (mix.only !== undefined && !mix.only.includes(fault.name)) continue
    await inflict(world, fault)
    faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1)
    // counted on its own line: an optional call that is not made does not count either
    done++
    mix.onFault?.(done, fault.name)
    if (done >= QUIET_SHARE * mix.faults) provers?.beLoud()
    else if (done % PROOF_EVERY === 0) await provers?.anotherProof()
    await breathe(world, random())
  }
  await Promise.all([world.stopWriting(), provers?.stop()])
  const ending = await world.ending()
  const proofs = provers?.history(ending.lines)
  const violations = [...check(world.history, ending), ...(proofs === undefined ? [] : falseProofs(proofs))]
  const last = JSON.parse(ending.lines.at(-1) ?? '{}') as { epoch?: number }
  const outcome = {
    ...summary(world.history),
    violations,
    faults,
    history: world.history,
    ...(provers && proofs ? { proofs: counted(provers, proofs) } : {}),
  }
  const notApplied = ending.lines.filter(
    line => line.includes('"origin":') && line.includes('"refused"'),
  ).length
  if (violations.length > 0 && mix.dump !== undefined)
    writeFileSync(
      mix.dump,
      JSON.stringify({
        ...ending,
        resolved: [...ending.resolved],
        violations,
        history: world.history,
        proofs,
      }),
    )
  await world.close()
  return { ...outcome, entries: ending.lines.length, epochs: last.epoch ?? 0, notApplied }
}

async function inflict(world: World, fault: Fault): Promise<void> {
  world.inForce.add(fault.name)
  await fault.run(world).catch(error => {
    throw new Error(`the fault ${fault.name} could not be inflicted: ${(error as Error).stack}`)
  })
  world.inForce.delete(fault.name)
}

/** Half of the faults meet a world that has seen some flips since the last one, the others what the last one left. */
async function breathe(world: World, chance: number): Promise<void> {
  if (chance < 0.5) return
  const { operations } = world.history
  const acknowledged = () => operations.slice(-400).filter(each => fateOf(each) === 'acknowledged').length
  const [from, before] = [operations.length, acknowledged()]
  const some = () => operations.length > from + 20 || acknowledged() > before + 10
  await until(some, 'some flips since the last fault', 180_000)
}

function counted({ forger, withheld }: Provers, { apps, kills, claims }: ProofHistory): Proofs {
  return {
    ...{ apps: apps.length, kills: kills.length, claims: claims.length },
    entries: claims.filter(({ where }) => where.startsWith('flip.confirmed')).length,
    forged: [...forger.tried.values()].reduce((sum, count) => sum + count, 0),
    refused: forger.refused,
    withheld: [...withheld].sort(([, a], [, b]) => b - a),
  }
}

function summary({ operations }: History): Pick<Outcome, 'acknowledged' | 'provisional' | 'kills'> {
  const answered = operations.flatMap(({ kind, attempts }) =>
    attempts.filter(({ status }) => kind === 'kill' && status === 200),
  )
  const times = answered.map(({ sentMs, answeredMs }) => answeredMs - sentMs).sort((a, b) => a - b)
  const at = (share: number) => Math.round(times[Math.floor(times.length * share)] ?? 0)
  return {
    acknowledged: operations.filter(each => fateOf(each) === 'acknowledged').length,
    provisional: answered.filter(({ durability }) => durability === 'provisional').length,
    kills: { count: times.length, p50: at(0.5), p99: at(0.99), max: Math.round(times.at(-1) ?? 0) },
  }
}

export function describe(outcome: Outcome): string {
  const { kills, faults, proofs } = outcome
  const mixed = [...faults].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`)
  return [
    `${[...faults.values()].reduce((sum, count) => sum + count, 0)} faults: ${mixed.join(', ')}`,
    `${outcome.acknowledged} operations acknowledged, ${outcome.provisional} kills of them provisional; ${outcome.entries} entries, epoch ${outcome.epochs}, ${outcome.notApplied} restores recovered and not applied`,
    describeMends(outcome.history.mends),
    `kill: p50 ${kills.p50} ms, p99 ${kills.p99} ms, at most ${kills.max} ms (${kills.count})`,
    ...(proofs === undefined
      ? []
      : [
          `${proofs.kills} kills to prove, by ${proofs.apps} app processes: said to be confirmed ${proofs.claims} times, ${proofs.entries} of them by flip.confirmed; ${proofs.forged} forgeries tried, ${proofs.refused} receipts of them refused`,
          `not confirmed: ${proofs.withheld
            .slice(0, 8)
            .map(([why, count]) => `${why} ${count}`)
            .join(', ')}`,
        ]),
    `${outcome.violations.length} violations`,
    ...outcome.violations.slice(0, 40).map(({ invariant, detail }) => `  ${invariant}: ${detail}`),
  ].join('\n')
}
