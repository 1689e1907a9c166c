// A test file must end whatever its proxy did to connections: a socket that node never frees keeps the process for ever.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'

/** Its proxy cuts the connection in the turn in which it sends on the client's end. */
const CUT_WHILE_ENDING = `
  import { subscribe } from 'node:diagnostics_channel'
  import { once } from 'node:events'
  import { connect, createServer } from 'node:net'
  import { startProxy } from '${new URL('./proxy.js', import.meta.url)}'

  const target = createServer().listen(0, '127.0.0.1')
  await once(target, 'listening')
  const proxy = await startProxy({ after() {} }, target.address().port)
  subscribe('net.server.socket', ({ socket }) => {
    // after the proxy's own listener
    if (socket.localPort === proxy.port) process.nextTick(() => socket.once('end', () => proxy.cut()))
  })
  const client = connect(proxy.port, '127.0.0.1').on('error', () => {}).resume().end()
  await once(client, 'close')
  target.close()
  await proxy.close()
  process.stdout.write('cut')
`

t.test(
  'lets a process end that cut a connection while its end was being sent',

  async t => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', CUT_WHILE_ENDING], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    let said = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      said += text
    })
    assert.deepEqual(await once(child, 'close'), [0, null])
    assert.equal(said, 'cut')
  },
)
