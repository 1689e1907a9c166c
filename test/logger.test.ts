import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { createLogger } from '../src/process/logger.js'
import { ACTS, hostile } from './support/hostile.js'
import { until } from './support/until.js'

const CONFIG = { logLevel: 'info', environment: 'test' } as const
const COLOUR = /\u001b\[\d+m/g

t.test('a line of the process log says what was said, and acts on nobody', async () => {
  const lines: string[] = []
  const logger = await createLogger(CONFIG, false, { write: line => void lines.push(line) })
  fc.assert(
    fc.property(
      hostile.filter(text => !/\p{Cs}/u.test(text)),
      text => {
        logger.warn({ text, err: new Error(text) }, text)
        const line = lines.at(-1) as string
        assert.doesNotMatch(line.trimEnd(), /\n/)
        assert.doesNotMatch(line, ACTS)
        assert.deepEqual([JSON.parse(line).text, JSON.parse(line).err.message], [text, text])
      },
    ),
  )
})

t.test('on a terminal it is one line, in our own colours alone', async () => {
  const out = new PassThrough()
  let shown = ''
  out.on('data', chunk => {
    shown += String(chunk)
  })
  const logger = await createLogger(CONFIG, true, out)
  logger.info({ text: 'a\n3/3 confirmed\u009b2J' }, 'well\n3/3 confirmed \u001b[2J\u001b]0;x\u0007')
  await until(async () => shown.endsWith('\n'), 'the line')
  assert.equal(shown.trimEnd().split('\n').length, 1)
  assert.doesNotMatch(shown.replace(COLOUR, ''), ACTS)
})
