// The negative control: a harness that finds nothing wrong with a build that has neither safe options nor a journal is
// worth nothing. The same writers, faults and model as in mix.test.ts.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT } from '../support/server.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

async function control(faults: number, kinds: string): Promise<Record<string, number>> {
  const args = [join(ROOT, '.build/test/faults/control.js'), String(SEED), String(faults), kinds]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 1_200_000 })
  return JSON.parse(stdout) as Record<string, number>
}

t.test(`finds flips that are doubled by lost replies (seed ${SEED})`, async t => {
  const found = await control(12, 'lost-reply,cut')
  t.comment(JSON.stringify(found))
  assert.ok((found.doubled ?? 0) > 0, JSON.stringify(found))
})

t.test(`finds flips that are lost with Redis (seed ${SEED})`, async t => {
  const found = await control(6, 'redis-kill,flushall')
  t.comment(JSON.stringify(found))
  assert.ok((found.lost ?? 0) > 0, JSON.stringify(found))
})
