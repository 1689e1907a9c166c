// A start that fails ends everything it began.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { Journal } from '../src/log/journal/journal.js'
import { startServer } from '../src/server.js'
import { chainOf } from './support/entries.js'
import { configFor } from './support/server.js'
import { testdir } from './support/testdir.js'

t.test('gives the data folder free where its log cannot be read', async t => {
  const folder = testdir(t)
  const journal = await Journal.open({ folder, segmentBytes: 2_000 })
  await journal.append(chainOf({ count: 10 }))
  await journal.append(chainOf({ count: 10, after: journal.head }))
  const [first] = journal.segments()
  await journal.close()
  // no start looks into a segment that is not the last, but to fold it
  const file = first?.file as string
  writeFileSync(file, readFileSync(file, 'utf8').replace(/\n.*\n/, '\ndamaged\n'))
  await assert.rejects(startServer(configFor(folder), pino({ level: 'silent' })))
  const again = await Journal.open({ folder })
  await again.close()
})
