// Lines of one cause are counted beyond a few a second: whoever sends requests does not fill the disk.

import assert from 'node:assert/strict'
import t from 'tap'
import { createLogger } from '../src/process/logger.js'
import { until } from './support/until.js'

type Line = { msg: string; level: number; more?: number; code?: string; app?: string }

async function aLogger() {
  const lines: Line[] = []
  const write = (text: string) => void lines.push(JSON.parse(text))
  return { lines, logger: await createLogger({ logLevel: 'info', environment: 'test' }, false, { write }) }
}

t.test('lines of one cause', async t => {
  t.test('are twenty and a count, whatever their words and whichever child says them', async () => {
    const { lines, logger } = await aLogger()
    for (let number = 0; number < 2_800; number++)
      logger
        .child({ requestId: number })
        .error({ code: 'fork', app: `app-${number}` }, `app-${number} has seen a fork`)
    assert.equal(lines.length, 20)
    logger.error({ code: 'history-lost' }, 'the store was emptied')
    assert.equal(lines.length, 21, 'another cause is said at once')
    const told = await until(() => lines.find(({ more }) => more !== undefined), 'the count')
    assert.deepEqual([told.more, told.code, told.level], [2_780, 'fork', 50])
    assert.match(told.msg, /^\.\.\. and 2780 more of this kind in the last second: /)
    logger.error({ code: 'fork' }, 'again')
    assert.equal(lines.at(-1)?.msg, 'again', 'and the next second has its own')
  })

  t.test("do not hide another person's, nor what came of a request otherwise", async () => {
    const { lines, logger } = await aLogger()
    for (let number = 0; number < 100; number++) logger.info({ path: '/', status: 401 }, 'request')
    logger.info({ path: '/', status: 200, actor: 'ana' }, 'request')
    logger.info({ path: '/', status: 503 }, 'request')
    assert.equal(lines.length, 22)
  })

  t.test('are bounded where there are more causes than anybody names', async () => {
    const { lines, logger } = await aLogger()
    for (let number = 0; number < 5_000; number++) logger.warn(`words of its own ${number}`)
    assert.ok(lines.length <= 1_100, String(lines.length))
  })
})
