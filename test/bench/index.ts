// `npm run bench`: every benchmark of this folder that exports `run`, each in a process of its own, one after the other.
// Says pass or over, and ends with 0 either way: a busy machine is not a defect.
//   npm run bench                 all of them
//   npm run bench -- flip sdk     some

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Figure, show } from './figures.js'

const ALL = ['sdk', 'ofrep', 'kill', 'flip', 'receipts']
const [, , first, ...rest] = process.argv

if (first === '--one') {
  const { run } = (await import(`./${rest[0]}.js`)) as { run: () => Promise<Figure[]> }
  process.send?.(await run(), () => process.exit(0))
} else {
  const names = first === undefined ? ALL : [first, ...rest]
  const figures: Figure[] = []
  const began = performance.now()
  for (const name of names) {
    process.stderr.write(`${name} ...\n`)
    const child = fork(fileURLToPath(import.meta.url), ['--one', name])
    child.on('message', found => figures.push(...(found as Figure[])))
    const [code] = await once(child, 'exit')
    if (code !== 0) {
      console.error(`the benchmark "${name}" ended with ${code}`)
      process.exitCode = 1
    }
  }
  console.log(show(figures))
  const load = loadavg().map(each => each.toFixed(1))
  const took = Math.round((performance.now() - began) / 1000)
  console.log(
    `\n${took} s on ${cpus().length} cores, Node ${process.version}; load average ${load.join(', ')}.`,
  )
  console.log(
    'Floor and ours are taken in turns, but with other work on the machine single figures still swing.',
  )
}
