import assert from 'node:assert/strict'
import t from 'tap'
import { Ending } from '../../src/domain/ending.js'

t.test('what was opened last is closed first, one after the other', async () => {
  const ending = new Ending()
  const closed: string[] = []
  ending.with(
    () => closed.push('journal'),
    async () => {
      await new Promise(setImmediate)
      closed.push('store')
    },
  )
  ending.with(() => closed.push('app'))
  await ending.close()
  assert.deepEqual(closed, ['app', 'store', 'journal'])
  await ending.close()
  assert.equal(closed.length, 3, 'and once')
})

t.test('one that fails keeps none of the others open, and is told', async () => {
  const ending = new Ending()
  const closed: string[] = []
  ending.with(
    () => closed.push('journal'),
    () => {
      throw new Error('first')
    },
    () => Promise.reject(new Error('last opened')),
  )
  await assert.rejects(ending.close(), /last opened/)
  assert.deepEqual(closed, ['journal'])
})

t.test('where opening fails, what was opened until then is closed, and the reason is told', async () => {
  const closed: string[] = []
  const opening = Ending.guard(async ending => {
    ending.with(() => closed.push('journal'))
    ending.with(() => Promise.reject(new Error('of the closing')))
    throw new Error('of the opening')
  })
  await assert.rejects(opening, /of the opening/)
  assert.deepEqual(closed, ['journal'])
})
