import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { Turns } from '../../src/http/plumbing/turns.js'
import { aServer } from '../support/server.js'
import { until } from '../support/until.js'

/** Longer than may be in one turn. */
function burn(): void {
  const end = performance.now() + 5
  while (performance.now() < end);
}

t.test('what takes long has a turn of the event loop each, in its order', async () => {
  const turns = new Turns()
  const seen: (number | 'turn')[] = []
  await new Promise<void>(resolve => {
    const watch = () => {
      seen.push('turn')
      if (seen.includes(4)) resolve()
      else setImmediate(watch)
    }
    for (let number = 0; number < 5; number++)
      turns.take(() => {
        burn()
        seen.push(number)
      })
    setImmediate(watch)
  })
  assert.deepEqual(seen, [0, 'turn', 1, 'turn', 2, 'turn', 3, 'turn', 4, 'turn'])
})

t.test('large contexts are evaluated, and who asks for less is not behind all of them', async t => {
  const { address, tokens } = await aServer(t)
  const port = Number(new URL(address).port)
  const context = Object.fromEntries(Array.from({ length: 40_000 }, (_, number) => [`key${number}`, number]))
  const body = JSON.stringify({ context })
  const answers: string[] = []
  const peers: Socket[] = []
  const asking = (what: string, bytes: string): Promise<Socket> =>
    new Promise(resolve => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes, () => resolve(socket)))
      t.after(() => void socket.destroy())
      socket.once('data', data => answers.push(`${what} ${String(data).slice(9, 12)}`))
    })
  const head = `POST /ofrep/v1/evaluate/flags/ai_v1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens.sdk}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  for (let number = 0; number < 30; number++) peers.push(await asking('large', head + body.slice(0, -1)))
  const small = await asking('small', '')
  for (const peer of peers) peer.write(body.slice(-1))
  small.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')
  await until(() => answers.length === 31, 'all are answered')
  assert.deepEqual(new Set(answers), new Set(['large 200', 'small 200']))
  assert.ok(answers.indexOf('small 200') < 20, answers.join())
})
