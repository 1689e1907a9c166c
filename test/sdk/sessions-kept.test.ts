// Sessions that outlive their process: what is kept on the disk, whose place a process takes that comes up after another, and
// whose it leaves alone. The others are real processes, killed or alive.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Killswitch } from '../../sdk/src/killswitch.js'
import type { KillswitchOptions } from '../../sdk/src/options.js'
import { thisProcess } from '../../sdk/src/prove/owner.js'
import type { KeptSession } from '../../sdk/src/prove/wire-session.js'
import { LiveService } from './live-service.js'

// the SDK's own timers keep no process alive, and some tests wait for nothing else
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))

async function setting(t: Test) {
  const server = new LiveService()
  server.define('ai_v1')
  const url = await server.start()
  const path = mkdtempSync(join(tmpdir(), 'ks-sessions-'))
  t.after(async () => {
    await server.stop()
    rmSync(path, { recursive: true, force: true })
  })
  const cacheFile = join(path, 'state.json')
  return { server, url, cacheFile, folder: `${cacheFile}.sessions` }
}
type Setting = Awaited<ReturnType<typeof setting>>

function app(t: Test, { url, cacheFile }: Setting, options: KillswitchOptions = {}) {
  const said: string[] = []
  const logger = { warn: (line: string) => void said.push(line), error() {} }
  const given = { url, app: 'app', token: 'secret', cacheFile, initTimeoutMs: 60_000, logger, ...options }
  const killswitch = new Killswitch(given)
  t.after(() => killswitch.close())
  return { killswitch, said }
}

const kept = (folder: string): KeptSession[] =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter(name => name.endsWith('.json'))
    .flatMap(name => {
      try {
        return [JSON.parse(readFileSync(join(folder, name), 'utf8')) as KeptSession]
      } catch {
        return [] // it is being removed
      }
    })

/** Both happen without a request that the service could be waited for. */
async function eventually(test: () => boolean): Promise<void> {
  while (!test()) await new Promise(resolve => setImmediate(resolve))
}
const isKept = (folder: string, secret: string | undefined) =>
  kept(folder).some(({ session }) => session === secret)

/** An app in a process of its own, once its session is on the disk. */
async function another(
  t: Test,
  { url, cacheFile, server, folder }: Setting,
  instance: string,
): Promise<ChildProcess> {
  const index = new URL('../../sdk/src/killswitch.js', import.meta.url).href
  const options = JSON.stringify({ url, app: 'app', token: 'secret', cacheFile, instance })
  const code = `import { Killswitch } from '${index}'
    const killswitch = new Killswitch(${options})
    await killswitch.start()
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' })
  t.after(() => void child.kill('SIGKILL'))
  const session = () => server.sessions.open.findLast(each => each.instance.startsWith(instance))
  await server.until(() => (session()?.numbers.length ?? 0) > 0)
  await eventually(() => isKept(folder, session()?.secret))
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

const left = (folder: string, more: Partial<KeptSession>, name = 'left.json'): string => {
  mkdirSync(folder, { recursive: true })
  const { started: _started, thread: _thread, ...own } = thisProcess()
  const file = { v: 1, app: 'app', instance: 'pod', session: 'old-secret', ...own, ...more }
  writeFileSync(join(folder, name), JSON.stringify(file))
  return join(folder, name)
}
const predecessors = ({ server }: Setting) =>
  server.seen.flatMap(({ headers }) =>
    String(headers['killswitch-predecessors'] ?? '')
      .split(',')
      .filter(Boolean),
  )

t.test('it is kept for its owner alone, and gone after a goodbye', async t => {
  const at = await setting(t)
  const { killswitch } = app(t, at, { instance: 'pod' })
  await killswitch.start()
  const [session] = at.server.sessions.all
  await eventually(() => isKept(at.folder, session?.secret))
  assert.equal(statSync(at.folder).mode & 0o777, 0o700)
  const [name] = readdirSync(at.folder)
  assert.match(name as string, /^[0-9a-f]{32}\.json$/)
  assert.equal(statSync(join(at.folder, name as string)).mode & 0o777, 0o600)
  const { v, app: of, instance, host, pid, pidNamespace } = kept(at.folder)[0] as KeptSession
  assert.deepEqual([v, of, instance, host, pid], [1, 'app', 'pod', hostname(), process.pid])
  assert.equal(pidNamespace, thisProcess().pidNamespace)
  await killswitch.close()
  assert.deepEqual(kept(at.folder), [])
  assert.ok(!readFileSync(at.cacheFile, 'utf8').includes(session?.secret as string))
})

t.test(
  'where the goodbye was not heard it stays, and the next process takes its place and its name',
  async t => {
    const at = await setting(t)
    const first = app(t, at, { instance: 'pod' })
    await first.killswitch.start()
    await eventually(() => kept(at.folder).length === 1)
    const [before] = at.server.sessions.all
    await at.server.stop()
    await first.killswitch.close()
    assert.equal(kept(at.folder)[0]?.session, before?.secret)
    await at.server.start()
    const second = app(t, at, { instance: 'pod' })
    await second.killswitch.start()
    assert.deepEqual(predecessors(at)[0], before?.secret)
    assert.equal(before?.gone, 'replaced')
    const [session] = at.server.sessions.open
    assert.equal(session?.instance, 'pod')
    await eventually(() => isKept(at.folder, session?.secret))
    assert.equal(kept(at.folder).length, 1)
  },
)

t.test('a process that crashed is discharged by one of another name that comes up on its host', async t => {
  const at = await setting(t)
  await killed(await another(t, at, 'pod-1'))
  const [before] = at.server.sessions.open
  const { killswitch } = app(t, at, { instance: 'pod-2' })
  await killswitch.start()
  assert.equal(before?.gone, 'replaced')
  assert.deepEqual(
    at.server.sessions.open.map(({ instance }) => instance),
    ['pod-2'],
  )
  await eventually(() => !isKept(at.folder, before?.secret))
  assert.deepEqual(
    kept(at.folder).map(({ instance }) => instance),
    ['pod-2'],
  )
})

t.test('a process of the same name that is alive is left alone, with its file, until it crashes', async t => {
  const at = await setting(t)
  const child = await another(t, at, 'pod')
  const [theirs] = at.server.sessions.open
  const first = app(t, at, { instance: 'pod' })
  await first.killswitch.start()
  const own = () => at.server.sessions.open.find(({ instance }) => instance === 'pod~2')
  await eventually(() => isKept(at.folder, own()?.secret))
  assert.deepEqual(predecessors(at), [])
  assert.equal(isKept(at.folder, theirs?.secret), true)
  assert.ok(readdirSync(at.folder).some(name => name.includes(`.${process.pid}.`)))
  await first.killswitch.close()
  assert.deepEqual(
    kept(at.folder).map(({ session }) => session),
    [theirs?.secret],
  )
  await killed(child)
  const second = app(t, at, { instance: 'pod' })
  await second.killswitch.start()
  assert.equal(theirs?.gone, 'replaced')
  assert.deepEqual(
    at.server.sessions.open.map(({ instance }) => instance),
    ['pod'],
  )
})

t.test('two in one process leave each other alone, also of one name', async t => {
  const at = await setting(t)
  const names = ['one', 'two', 'two']
  for (const instance of names) {
    const before = kept(at.folder).length
    await app(t, at, { instance }).killswitch.start()
    await eventually(() => kept(at.folder).length === before + 1)
  }
  assert.deepEqual(predecessors(at), [])
  assert.equal(at.server.sessions.open.length, 3)
})

const OTHERS: [string, Partial<KeptSession>, boolean][] = [
  ['of this name, on another host', { host: 'elsewhere', pid: 1 }, true],
  ['of this name, in another container', { pidNamespace: 'pid:[1]', pid: 1 }, true],
  ['of another name, on another host', { host: 'elsewhere', pid: 1, instance: 'x' }, false],
  ['of another name, in another container', { pidNamespace: 'pid:[1]', pid: 1, instance: 'x' }, false],
  ['of another name, that had this pid', { instance: 'x' }, true],
  ['of another name, that had this pid before', { instance: 'x', started: '1', thread: 0 }, true],
  ['of this name, in another thread of this process', { ...thisProcess(), thread: 7 }, false],
  ['of this name and another application', { app: 'other' }, false],
  ['of no form of ours', { v: 2 as 1 }, false],
  ['with a secret that is none', { session: 'a,b' }, false],
]
for (const [what, more, isTaken] of OTHERS)
  t.test(`a session ${what}: ${isTaken ? 'its place is taken' : 'left alone'}`, async t => {
    const at = await setting(t)
    const path = left(at.folder, more)
    const { killswitch } = app(t, at, { instance: 'pod' })
    await killswitch.start()
    const [session] = at.server.sessions.open
    await eventually(() => isKept(at.folder, session?.secret))
    await killswitch.close()
    assert.deepEqual(new Set(predecessors(at)), new Set(isTaken ? ['old-secret'] : []))
    assert.equal(existsSync(path), !isTaken)
  })

t.test('they are kept until the service has given a session, and eight go at once', async t => {
  const at = await setting(t)
  for (let n = 0; n < 10; n++) left(at.folder, { instance: `x${n}`, session: `old-${n}` }, `${n}.json`)
  left(at.folder, { session: 'namesake' })
  at.server.sessions.refusedWith = 'disk'
  const { killswitch } = app(t, at, { instance: 'pod' })
  await killswitch.start()
  await killswitch.close()
  assert.equal(kept(at.folder).length, 11)
  const first = String(at.server.seen[0]?.headers['killswitch-predecessors']).split(',')
  assert.deepEqual([first.length, first[0]], [8, 'namesake'])
  at.server.sessions.refusedWith = undefined
  await killswitch.start()
  const [session] = at.server.sessions.open
  await eventually(() => isKept(at.folder, session?.secret) && kept(at.folder).length === 4)
})

t.test('a folder that cannot be written is said once, and costs nothing else', async t => {
  const at = await setting(t)
  writeFileSync(at.folder, 'no folder')
  const { killswitch, said } = app(t, at, { instance: 'pod' })
  await killswitch.start()
  at.server.kill('ai_v1')
  await at.server.until(() => at.server.receipts.some(({ inForce }) => inForce?.ai_v1 === 'off'))
  await killswitch.close()
  assert.equal(said.filter(line => line.includes('.sessions cannot be written')).length, 1)
  assert.ok(said.every(line => !line.includes('secret-')))
})

t.test('without a cache file, or without receipts, nothing is kept and nothing is read', async t => {
  const at = await setting(t)
  left(at.folder, {})
  for (const options of [{ receipts: false }, { cacheFile: false as const }]) {
    const { killswitch } = app(t, at, { instance: 'pod', ...options })
    await killswitch.start()
    await killswitch.close()
  }
  assert.deepEqual(predecessors(at), [])
  assert.deepEqual(
    kept(at.folder).map(({ session }) => session),
    ['old-secret'],
  )
})
