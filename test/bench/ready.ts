// How long a journal of 100,000 entries takes to be ready: open, and fold from its checkpoint or without one.
//   node scripts/build.mjs --test && node .build/test/bench/ready.js

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KnownLog } from '../../src/log/follow/known-log.js'
import { Journal } from '../../src/log/journal/journal.js'
import { chainOf } from '../support/entries.js'

const COUNT = 100_000
const folder = mkdtempSync(join(tmpdir(), 'killswitch-ready-'))
const entries = chainOf({ count: COUNT })
const journal = await Journal.open({ folder })
for (let from = 0; from < COUNT; from += 1_000) await journal.append(entries.slice(from, from + 1_000))
await journal.close()

async function measure(what: string): Promise<void> {
  const startMs = performance.now()
  const opened = await Journal.open({ folder })
  const openMs = performance.now() - startMs
  const log = await KnownLog.open(opened)
  console.log(
    `${what}: open ${Math.round(openMs)} ms, ready after ${Math.round(performance.now() - startMs)} ms`,
  )
  // leaves its checkpoint behind
  await log.close()
}

await measure(`${COUNT} entries, no checkpoint`)
for (let run = 0; run < 3; run++) await measure(`${COUNT} entries, from the checkpoint`)
rmSync(folder, { recursive: true })
