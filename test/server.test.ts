// A start that fails ends everything it began.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { Journal } from '../src/log/journal/journal.js'
import { startServer } from '../src/server.js'
import { chainOf } from './support/entries.js'
import { configFor } from './support/server.js'
import { testdir } from './support/testdir.js'

t.test('gives the data folder free where what is kept beside its log cannot be read', async t => {
  const folder = testdir(t)
  const journal = await Journal.open({ folder, segmentBytes: 2_000 })
  await journal.append(chainOf({ count: 10 }))
  await journal.append(chainOf({ count: 10, after: journal.head }))
  await journal.close()
  mkdirSync(join(folder, 'provisional.ndjson'))
  await assert.rejects(startServer(configFor(folder), pino({ level: 'silent' })))
  const again = await Journal.open({ folder })
  await again.close()
})
