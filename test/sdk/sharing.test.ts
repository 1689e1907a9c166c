// One kill switch, shared by several providers: whoever made it closes it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KillswitchProvider } from '../../sdk/src/index.js'
import { boot, flag, host, position } from './host.js'
import { sse, World } from './world.js'

test('a provider that is closed stops no kill switch that was given to it, and a kill reaches the other one', async () => {
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
})
