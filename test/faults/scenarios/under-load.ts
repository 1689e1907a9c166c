// A world that is used while a scenario does something to it: writers on half of the flags, and on the other half nothing
// at all, so that apps which see one of these change have seen something that nobody did.

import { randomFrom } from '../../support/entries.js'
import { type Teardown, testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'
import { App } from '../app.js'
import { check, type Violation } from '../check.js'
import type { Attempt } from '../history.js'
import { ask } from '../http.js'
import { FLAGS, type Given, type Instance, isApart, TOKENS, World } from '../world.js'
import type { Seen } from './scenario.js'

const STEADY = FLAGS.slice(10)
const WRITTEN = FLAGS.slice(0, 10)
const APPS = 3
/** Speed is timed; this is only how long a starved machine may take. */
const PATIENCE_MS = 120_000

export type Asked = Partial<Omit<Given, 'random'>> & { seed: number }

export class UnderLoad {
  readonly world: World
  readonly random: () => number
  readonly violations: Violation[] = []
  readonly times: Record<string, number[]> = {}
  readonly counts: Record<string, number> = {}
  readonly #apps: App[] = []

  private constructor(world: World, random: () => number) {
    this.world = world
    this.random = random
  }

  static async start(t: Teardown, { seed, ...asked }: Asked): Promise<UnderLoad> {
    // what is done to the world draws from a sequence of its own: how many writes there are must not change it
    const world = await World.start(t, {
      instances: 2,
      writers: 8,
      observers: 2,
      thinkMs: 150,
      flags: WRITTEN,
      ...asked,
      random: randomFrom(seed + 1),
    })
    const load = new UnderLoad(world, randomFrom(seed))
    for (const [index, flag] of STEADY.entries()) if (index % 2 === 0) await load.#hold(flag)
    // an app that comes up on an instance which has not heard of these yet would see them happen
    await world.settled()
    const folder = testdir(t)
    const urls = world.instances.map(({ url }) => url)
    for (let number = 0; number < APPS; number++) {
      const [first, rest] = [urls.slice(number % urls.length), urls.slice(0, number % urls.length)]
      const given = {
        name: `app-${number}`,
        urls: [...first, ...rest],
        token: TOKENS.sdk,
        flags: FLAGS,
        folder,
      }
      load.#apps.push(await App.start(t, given))
    }
    world.startWriting()
    return load
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T
  }

  time(name: string, ms: number): void {
    this.times[name] = [...(this.times[name] ?? []), ms]
  }

  count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by
  }

  fail(invariant: string, detail: string): void {
    this.violations.push({ invariant, detail })
  }

  async #hold(flag: string): Promise<void> {
    const { world } = this
    const operation = world.operation('kill', flag, 'INC-steady', `steady-${flag}`)
    const { status } = await world.attempt(operation, world.instances[0] as Instance, 30_000)
    if (status !== 200) throw new Error(`${flag} could not be killed before the faults: ${status}`)
  }

  /** Resolves when so many operations have been tried since. */
  async someFlips(count: number): Promise<void> {
    const { operations } = this.world.history
    const from = operations.length
    await until(() => operations.length >= from + count, 'flips between two faults', 180_000)
  }

  /** The first flip sent after a moment (performance.now()) that the store and a journal have; of one instance, or any. */
  firstInLog(afterMs: number, instance?: Instance, withinMs = PATIENCE_MS): Promise<Attempt> {
    const { operations } = this.world.history
    let from = Math.max(0, operations.length - 200)
    const isIt = ({ sentMs, status, durability, replayed, instance: by }: Attempt) =>
      sentMs > afterMs &&
      status === 200 &&
      durability === 'both' &&
      !replayed &&
      (instance === undefined || by === instance.number)
    return until(
      () => {
        const found = operations.slice(from).flatMap(({ attempts }) => attempts.filter(isIt))
        from = Math.max(from, operations.length - 2_000)
        return found.sort((a, b) => a.answeredMs - b.answeredMs)[0]
      },
      `a flip is in the log again${instance === undefined ? '' : ` by instance ${instance.number}`}`,
      withinMs,
    )
  }

  /** Resolves when no instance that is up has anything to say but of how its Redis is set up. */
  async wellAgain(withinMs = PATIENCE_MS): Promise<void> {
    let last: string[] = []
    const isWell = async () => {
      last = await Promise.all(this.world.instances.filter(({ isUp }) => isUp).map(amissOn))
      return last.every(amiss => amiss === '')
    }
    await until(isWell, 'every instance is well again', withinMs).catch(error => {
      throw new Error(`${(error as Error).message}: ${last.join(' | ')}`)
    })
  }

  /** Lets nobody write any more, and has the model and the apps say what was wrong. */
  async judge(): Promise<Seen> {
    const { world, violations, times, counts } = this
    await world.stopWriting()
    const ending = await world.ending()
    const folded = ending.killed[0]?.flags.join()
    // an app has its last event soon; where it does not, the check says what it shows
    await until(() => this.#apps.every(({ killed }) => killed.join() === folded), 'apps', 60_000).catch(
      () => {},
    )
    const killed = [...ending.killed, ...this.#apps.map(app => ({ who: app.name, flags: app.killed }))]
    violations.push(...check(world.history, { ...ending, killed }), ...this.#noticed())
    const acknowledged = world.history.operations.filter(({ attempts }) =>
      attempts.some(({ status }) => status === 200),
    )
    this.count('operations acknowledged', acknowledged.length)
    this.count('entries', ending.lines.length)
    await world.close()
    return { violations, times, counts }
  }

  /** I8: nobody did anything to these flags, so nobody may have seen anything. */
  #noticed(): Violation[] {
    return this.#apps.flatMap(({ name, turns }) =>
      turns
        .filter(({ flag }) => STEADY.includes(flag))
        .map(({ flag, from, to, at }) => ({
          invariant: 'I8',
          detail: `${name} saw ${flag} go from ${JSON.stringify(from)} to ${JSON.stringify(to)} at ${at}, and nobody had done anything to it`,
        })),
    )
  }
}

async function amissOn({ url, number }: Instance): Promise<string> {
  const { status, body } = await ask('GET', `${url}/readyz`)
  if (status === 0) return `${number}: no answer`
  return (body.degraded as { code: string }[])
    .map(({ code }) => code)
    .filter(code => !isApart(code))
    .join()
}
