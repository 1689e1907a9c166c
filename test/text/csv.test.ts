import assert from 'node:assert/strict'
import { text as textOf } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { csvOf } from '../../src/text/csv.js'
import { ACTS, hostile } from '../support/hostile.js'

async function written(rows: string[][]): Promise<string> {
  const csv = csvOf(['a', 'b'])
  for (const row of rows) csv.write(row)
  csv.end()
  return textOf(csv)
}

t.test('a row is a line, and no cell is a formula, whichever way a spreadsheet parts them', async () => {
  const rows = fc.array(fc.tuple(hostile, hostile), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(rows, async given => {
      const csv = await written(given)
      assert.doesNotMatch(csv, ACTS)
      assert.equal(csv.split('\n').length, given.length + 2)
      assert.doesNotMatch(csv, /(?:^|[,;])[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20]/m)
    }),
  )
})
