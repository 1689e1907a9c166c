// npm run chaos: the mix at length, or a scenario, from a command line. Prints its seed first and with every failure; the
// same seed gives the same schedule of faults.
//   npm run chaos -- --faults 3000 --seed 7 --instances 3 --only flushall,swapdb
//   npm run chaos -- --scenario crash-local --rounds 500 --seed 7          --scenario all: each as long as the table asks

import { parseArgs } from 'node:util'
import type { Forgery } from './forger.js'
import { describe, runMix } from './mix.js'
import { scenariosNamed } from './scenarios/index.js'
import { describeTotal, runScenario } from './scenarios/run.js'

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    instances: { type: 'string', default: '3' },
    writers: { type: 'string', default: '64' },
    /** What a writer waits at most between two requests, ms: 64 that hardly wait are more than two cores have. */
    think: { type: 'string', default: '1000' },
    only: { type: 'string' },
    /** Apps that prove what they apply. */
    apps: { type: 'string', default: '6' },
    /** What the forger tries, by name; everything, where it does not say. */
    forge: { type: 'string' },
    /** Another build of the service to judge: its main.js. */
    main: { type: 'string' },
    /** Names with commas between, or `all`, instead of the mix. */
    scenario: { type: 'string' },
    /** Of each scenario; as many as the table asks for where it is not given. */
    rounds: { type: 'string' },
    /** A folder for what was seen of a run that failed. */
    dump: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    /** Each run has a log of its own; faults are shared out among as many as it takes. */
    per: { type: 'string', default: '200' },
  },
})

const first = Number(values.seed)
const violations = values.scenario === undefined ? await mixes() : await scenarios(values.scenario)
process.exit(violations > 0 ? 1 : 0)

async function scenarios(names: string): Promise<number> {
  let violations = 0
  for (const scenario of scenariosNamed(names)) {
    const rounds = Number(values.rounds ?? scenario.rounds.bulk)
    console.log(`chaos --scenario ${scenario.name} --rounds ${rounds} --seed ${first}`)
    const total = await runScenario(scenario, { seed: first, rounds, say: line => console.log(line) })
    console.log(describeTotal(scenario, total))
    violations += total.violations.length
  }
  return violations
}

async function mixes(): Promise<number> {
  const [total, per] = [Number(values.faults), Number(values.per)]
  console.log(`chaos --faults ${total} --seed ${first} --instances ${values.instances} --per ${per}`)
  let violations = 0
  for (let [done, seed] = [0, first]; done < total; done += per, seed++)
    violations += await mixOf(seed, Math.min(per, total - done))
  console.log(`${total} faults, ${violations} violations`)
  return violations
}

async function mixOf(seed: number, faults: number): Promise<number> {
  const closers: (() => void | Promise<void>)[] = []
  const t = { after: (close: () => void | Promise<void>) => void closers.push(close) }
  try {
    const outcome = await runMix(t, {
      seed,
      faults,
      instances: Number(values.instances),
      writers: Number(values.writers),
      thinkMs: Number(values.think),
      observers: 6,
      apps: Number(values.apps),
      ...(values.forge === undefined ? {} : { forgeries: values.forge.split(',') as Forgery[] }),
      ...(values.main === undefined ? {} : { command: [process.execPath, values.main] }),
      ...(values.dump === undefined ? {} : { dump: `${values.dump}/seed-${seed}.json` }),
      ...(values.verbose
        ? { onFault: (done, name) => console.log(Math.round(performance.now()), done, name) }
        : {}),
      ...(values.only === undefined ? {} : { only: values.only.split(',') }),
    })
    console.log(`seed ${seed}: ${describe(outcome)}`)
    return outcome.violations.length
  } catch (error) {
    console.log(`seed ${seed}: ${(error as Error).stack}`)
    return 1
  } finally {
    for (const close of closers.reverse()) await close()
  }
}
