// npm run chaos: the mix at length, from a command line. Prints its seed first and with every failure; the same seed
// gives the same schedule of faults.
//   npm run chaos -- --faults 3000 --seed 7 --instances 3 --only flushall,swapdb

import { parseArgs } from 'node:util'
import { describe, runMix } from './mix.js'

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    instances: { type: 'string', default: '3' },
    writers: { type: 'string', default: '64' },
    only: { type: 'string' },
    /** Each run has a log of its own; faults are shared out among as many as it takes. */
    /** A folder for what was seen of a run that failed. */
    dump: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    per: { type: 'string', default: '200' },
  },
})

const [total, per, first] = [Number(values.faults), Number(values.per), Number(values.seed)]
console.log(`chaos --faults ${total} --seed ${first} --instances ${values.instances} --per ${per}`)
let violations = 0
for (let [done, seed] = [0, first]; done < total; done += per, seed++) {
  const closers: (() => void | Promise<void>)[] = []
  const t = { after: (close: () => void | Promise<void>) => void closers.push(close) }
  try {
    const outcome = await runMix(t, {
      seed,
      faults: Math.min(per, total - done),
      instances: Number(values.instances),
      writers: Number(values.writers),
      observers: 6,
      ...(values.dump === undefined ? {} : { dump: `${values.dump}/seed-${seed}.json` }),
      ...(values.verbose
        ? { onFault: (done, name) => console.log(Math.round(performance.now()), done, name) }
        : {}),
      ...(values.only === undefined ? {} : { only: values.only.split(',') }),
    })
    violations += outcome.violations.length
    console.log(`seed ${seed}: ${describe(outcome)}`)
  } catch (error) {
    violations++
    console.log(`seed ${seed}: ${(error as Error).stack}`)
  } finally {
    for (const close of closers.reverse()) await close()
  }
}
console.log(`${total} faults, ${violations} violations`)
process.exit(violations > 0 ? 1 : 0)
