// The negative control: a harness that finds nothing wrong with a build that has neither safe options nor a journal is
// worth nothing. The same writers, faults and model as in mix.test.ts.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { VOLATILE } from '../support/redis.js'
import { ROOT } from '../support/server.js'
import { describe, runMix } from './mix.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

const naive = (faults: number, only: string[]) => ({
  seed: SEED,
  faults,
  only,
  instances: 2,
  writers: 16,
  observers: 0,
  thinkMs: 20,
  redis: VOLATILE,
  hasJournal: false,
  command: [process.execPath, join(ROOT, '.build/test/faults/naive.js')],
})

it(`finds flips that are doubled by lost replies (seed ${SEED})`, async t => {
  const outcome = await runMix(t, naive(12, ['lost-reply', 'cut']))
  const doubled = outcome.violations.filter(({ detail }) => detail.startsWith('doubled'))
  t.diagnostic(`${doubled.length} doubled of ${outcome.acknowledged}`)
  assert.ok(doubled.length > 0, describe(outcome))
})

it(`finds flips that are lost with Redis (seed ${SEED})`, async t => {
  const outcome = await runMix(t, naive(6, ['redis-kill', 'flushall']))
  const lost = outcome.violations.filter(({ detail }) => detail.startsWith('lost'))
  const unkilled = outcome.violations.filter(({ detail }) => detail.startsWith('un-killed'))
  t.diagnostic(`${lost.length} lost, ${unkilled.length} un-killed of ${outcome.acknowledged}`)
  assert.ok(lost.length > 0, describe(outcome))
  assert.ok(unkilled.length > 0, describe(outcome))
})
