import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { hashLine } from '../../../src/domain/log/audit.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { lockFolder } from '../../../src/log/journal/lock.js'
import { verify } from '../../../src/log/journal/verify.js'
import { testdir } from '../../support/testdir.js'

const APPENDER = fileURLToPath(new URL('../../support/appender.js', import.meta.url))

function startAppender(t: Test, folder: string, batch = 1) {
  const child: ChildProcess = spawn(process.execPath, [APPENDER, folder, String(batch)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => {
    child.kill('SIGKILL')
  })
  return { child, lines: createInterface({ input: child.stdout! }) }
}

t.test('a second process is kept out, told whose it is, and let in after kill -9', async t => {
  const folder = testdir(t)
  const { child, lines } = startAppender(t, folder)
  await once(lines, 'line')
  const pattern = new RegExp(`in use by process ${child.pid}`)
  await assert.rejects(Journal.open({ folder }), { code: 'configuration', message: pattern })
  const link = join(testdir(t), 'link')
  symlinkSync(folder, link)
  await assert.rejects(Journal.open({ folder: link }), { code: 'configuration' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const journal = await Journal.open({ folder })
  await journal.close()
})

t.test('kill -9 while appending: every acknowledged line is there, and the chain holds', async t => {
  for (const batch of [1, 3, 40]) {
    const folder = testdir(t)
    for (let round = 0; round < 3; round++) {
      const { child, lines } = startAppender(t, folder, batch)
      const acknowledged: string[] = []
      lines.on('line', line => {
        acknowledged.push(line)
        if (acknowledged.length === 30 + round * 7) child.kill('SIGKILL')
      })
      await once(lines, 'close')
      assert.ok(acknowledged.length >= 30)
      const journal = await Journal.open({ folder, segmentBytes: 20_000 })
      for (const line of acknowledged) {
        const [place, hash] = line.split(' ')
        assert.equal(hashLine((await journal.line(Number(place))) ?? ''), hash)
      }
      assert.equal((await verify(journal)).ok, true)
      await journal.close()
    }
  }
})

t.test('within one process as well; given free, it can be taken again', async t => {
  const folder = testdir(t)
  const lock = await lockFolder(folder)
  await assert.rejects(lockFolder(folder), { code: 'configuration' })
  await lock.release()
  await (await lockFolder(folder)).release()
})

t.test('somebody who asks and does not hang up does not hold up the release', async t => {
  const folder = testdir(t)
  const lock = await lockFolder(folder)
  const socket = connect({ path: join(folder, 'lock'), allowHalfOpen: true })
  t.after(() => socket.destroy())
  await once(socket.resume(), 'end')
  await lock.release()
  await (await lockFolder(folder)).release()
})

t.test('a path too long for a socket, and a stale file in its place, are no hindrance', async t => {
  const long = join(testdir(t), 'x'.repeat(120))
  mkdirSync(long)
  const lock = await lockFolder(long)
  await assert.rejects(lockFolder(long), { code: 'configuration' })
  await lock.release()
  const folder = testdir(t)
  writeFileSync(join(folder, 'lock'), '')
  await (await lockFolder(folder)).release()
})
