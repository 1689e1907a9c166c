// The end of a kill switch: what stops with it, what is answered after it, and who may bring it about.

import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchProvider } from '../../sdk/src/index.js'
import { beat, boot, host, position } from './host.js'
import { flag } from './snapshot-flag.js'
import { sse, World } from './world.js'

t.test('nothing runs on after close', async () => {
  const world = new World()
  const server = host(world, 'http://a:1', { f: flag() })
  const killswitch = boot(world)
  await world.run(100)
  await killswitch.close()
  const { snapshots, pipes } = server
  const opened = pipes.length
  await world.run(120_000)
  assert.equal(server.snapshots, snapshots)
  assert.deepEqual([...server.modes], [undefined], 'one with a stream proves more by its receipts')
  assert.equal(server.pipes.length, opened)
  assert.equal(killswitch.isKilled('f'), false)
})

t.test(
  'a listener may close the kill switch: what comes with the change confirms nothing any more',
  async () => {
    const world = new World()
    const server = host(world, 'http://a:1', { f: flag() })
    const killswitch = boot(world)
    await world.run(100)
    killswitch.onChange('f', () => killswitch.close())
    const held = { f: { variant: 'off', value: false, since: '', holds: ['h'] } }
    const killed = sse('change', { ...position(6), v: 1, held, flipped: { f: 6 } })
    server.pipes.at(-1)?.write(killed + beat('live', 6))
    await world.run(100)
    assert.deepEqual([killswitch.isKilled('f'), killswitch.state.status], [true, 'stale'])
  },
)

t.test(
  'a closed one is stale; started again with the service away it is in error, and goes to kill variants',
  async () => {
    const world = new World()
    const server = host(world, 'http://a:1', { f: flag({ onStale: 'kill', staleAfterSeconds: 30 }) })
    const killswitch = boot(world)
    await world.run(100)
    await killswitch.close()
    assert.equal(killswitch.state.status, 'stale')
    assert.equal(killswitch.resolution('f')?.details.reason, 'STALE')
    server.up = false
    void killswitch.start()
    await world.run(40_000)
    assert.deepEqual([killswitch.state.status, killswitch.isKilled('f')], ['stale', true])
    await world.run(40_000)
    assert.equal(killswitch.state.status, 'error')
    await killswitch.close()
  },
)

t.test(
  'a provider that is closed stops no kill switch that was given to it, and a kill reaches the other one',
  async () => {
    const world = new World()
    const server = host(world, 'http://a:1', { f: flag() })
    const killswitch = boot(world)
    const [first, second] = [new KillswitchProvider(killswitch), new KillswitchProvider(killswitch)]
    await world.run(100)
    await first.initialize()
    await second.initialize()
    await first.onClose()
    const held = { f: { variant: 'off', value: false, since: '', holds: ['h'] } }
    server.pipes.at(-1)?.write(sse('change', { ...position(6), v: 1, held, flipped: { f: 6 } }))
    await world.run(100)
    assert.equal(killswitch.state.status, 'ready')
    assert.equal((await second.resolveBooleanEvaluation('f', true, {})).value, false)
    await second.onClose()
    await killswitch.close()
    assert.ok(server.pipes.every(pipe => pipe.ended))
  },
)
