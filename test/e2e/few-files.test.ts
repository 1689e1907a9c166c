// The service as a process that may have few files open, beside more sockets than that: kills go on, and what is wrong is
// called by its name.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import t from 'tap'
import { endWithTests } from '../support/end-with-tests.js'
import { freePort } from '../support/redis.js'
import { ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { until } from '../support/until.js'

endWithTests()

const KILLS = 6
const WRONG = ['journal-broken', 'disk-full', 'catalogue-faulty', 'tokens-faulty', 'journal-damaged']

for (const files of [128, 400])
  t.test(`with ${files} files and twice as many sockets, every kill is taken`, async t => {
    const port = await freePort()
    const service = await Service.start(t, {
      command: [
        'bash',
        '-c',
        `ulimit -n ${files} && exec "$0" "$1"`,
        process.execPath,
        `${ROOT}.build/src/main.js`,
      ],
      env: { KILLSWITCH_PORT: String(port) },
    })
    let [isOver, closed] = [false, 0]
    const crowd = new Set<ReturnType<typeof connect>>()
    const come = () => {
      if (isOver) return
      const socket = connect(port, '127.0.0.1')
      crowd.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        closed++
        crowd.delete(socket)
        setTimeout(come, 1_000)
      })
    }
    for (let number = 0; number < 2 * files; number++) come()
    t.after(() => {
      isOver = true
      for (const socket of crowd) socket.destroy()
    })
    await until(() => closed > files / 2, 'there is no room for all of them')
    for (let number = 0; number < KILLS; number++) {
      const { status, text } = await service.kill('ai_v1', { incident: `INC-${number}` })
      assert.equal(status, 200, text)
    }
    const { body } = await service.ask(undefined, 'GET', '/readyz')
    const codes = body.degraded.map(({ code }: { code: string }) => code)
    assert.deepEqual(
      codes.filter((code: string) => WRONG.includes(code)),
      [],
    )
    assert.doesNotMatch(service.logged, /EMFILE|journal-broken/)
  })
