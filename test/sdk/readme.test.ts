// The README's table of options is the options there are.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './built.js'

t.test('every option and environment variable of options.ts is in the README, and none besides', async () => {
  const source = readFileSync(join(root, 'sdk/src/options.ts'), 'utf8')
  const readme = readFileSync(join(root, 'sdk/README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| `(\w+)` \| (?:`(KILLSWITCH_\w+)`|in code only) \|/gm)]
  const type = source.slice(source.indexOf('type KillswitchOptions'), source.indexOf('export type Options'))
  const options = [...type.matchAll(/^ {2}(\w+)\?:/gm)].map(match => match[1])
  assert.deepEqual(rows.map(row => row[1]).sort(), options.sort())
  const variables = new Set([...source.matchAll(/KILLSWITCH_[A-Z_]+/g)].map(match => match[0]))
  assert.deepEqual(new Set(rows.flatMap(row => row[2] ?? [])), variables)
})

t.test('process.env is read in options.ts alone', async () => {
  const sources = join(root, 'sdk/src')
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.ts') && file !== 'options.ts')
      assert.ok(!readFileSync(join(sources, file), 'utf8').includes('process.env'), file)
})
