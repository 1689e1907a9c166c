// One run of the negative control, in a process of its own: prints what the model found in the naive build, as JSON.
//   node .build/test/faults/control.js <seed> <faults> <kinds, by comma>

import { join } from 'node:path'
import { VOLATILE } from '../support/redis.js'
import { ROOT } from '../support/server.js'
import { runMix } from './mix.js'

const [seed = '1', faults = '12', only = 'lost-reply,cut'] = process.argv.slice(2)
const closers: (() => void | Promise<void>)[] = []
const outcome = await runMix(
  { after: close => void closers.push(close) },
  {
    seed: Number(seed),
    faults: Number(faults),
    only: only.split(','),
    instances: 2,
    writers: 16,
    observers: 0,
    thinkMs: 20,
    redis: VOLATILE,
    hasJournal: false,
    command: [process.execPath, join(ROOT, '.build/test/faults/naive.js')],
  },
)
const count = (word: string) => outcome.violations.filter(({ detail }) => detail.startsWith(word)).length
const found = { doubled: count('doubled'), lost: count('lost'), unkilled: count('un-killed') }
process.stdout.write(`${JSON.stringify({ ...found, acknowledged: outcome.acknowledged })}\n`)
for (const close of closers.reverse()) await close()
process.exit()
