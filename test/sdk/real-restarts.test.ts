// Apps that crash, and services whose keys change, against the service itself over real HTTP: the kill after that is proved
// by whoever runs, and nobody is waited for who does not. Who crashes is a process of its own, killed.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { KillswitchProvider } from '../../sdk/src/index.js'
import { newToken, sha256 } from '../../src/tokens/first-start.js'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

// the SDK's own timers keep no process alive, and some tests wait for nothing else
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))

const logger = { warn() {}, error() {} }
const optionsFor = ({ address, tokens }: TestServer, instance: string, cacheFile: string | false) => ({
  ...{ url: address, token: tokens.sdk, app: 'trustflow', instance, cacheFile, initTimeoutMs: 60_000 },
})
type Settings = ReturnType<typeof optionsFor>

async function app(t: Test, options: Settings): Promise<KillswitchProvider> {
  const provider = new KillswitchProvider({ ...options, logger })
  t.after(() => provider.onClose())
  await provider.initialize()
  return provider
}

/** Another process, once its session is on the disk and its receipt at the service. */
async function another(t: Test, server: TestServer, options: Settings): Promise<ChildProcess> {
  const index = new URL('../../sdk/src/index.js', import.meta.url).href
  const code = `import { KillswitchProvider } from '${index}'
    await new KillswitchProvider(${JSON.stringify(options)}).initialize()
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' })
  t.after(() => void child.kill('SIGKILL'))
  await until(async () => (await fleet(server)).live === 1, 'its receipt is there')
  await until(() => files(options).some(name => name.endsWith('.json')), 'its session is kept')
  return child
}

async function crash(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function files({ cacheFile }: Settings): string[] {
  try {
    return readdirSync(`${cacheFile}.sessions`)
  } catch {
    return []
  }
}
const fleet = async ({ ask }: TestServer) => (await ask('viewer', 'GET', '/v1/instances')).body
async function flip({ ask }: TestServer, verb: 'kill' | 'restore') {
  const role = verb === 'kill' ? 'operator' : 'coordinator'
  const body = { reason: 'test', ...(verb === 'kill' ? { incident: 'INC-1' } : { all: true }) }
  const asked = { headers: { prefer: 'wait=30' }, body }
  const { status, body: answer, text } = await ask(role, 'POST', `/v1/flags/ai_v1/${verb}`, asked)
  assert.equal(status, 200, text)
  return answer.convergence[0]
}

for (const [what, before, after] of [
  ['again under its name', 'pod', 'pod'],
  ['as another one on its host', 'pod-1', 'pod-2'],
] as const)
  t.test(`an app that crashed and comes up ${what}: the kill is confirmed by 1 of 1`, async t => {
    const server = await aServer(t)
    const cacheFile = join(testdir(t), 'state.json')
    await crash(await another(t, server, optionsFor(server, before, cacheFile)))
    await app(t, optionsFor(server, after, cacheFile))
    const killed = await flip(server, 'kill')
    assert.equal(killed.status, 'confirmed', JSON.stringify(killed))
    assert.deepEqual(killed.applied, [after])
    const { applied, pending, lost, cannotProve } = killed.count
    assert.deepEqual([applied, pending, lost, cannotProve], [1, 0, 0, 0])
  })

t.test('an app that crashed and left nothing on its disk is waited for, and named', async t => {
  const server = await aServer(t)
  const [first, second] = [1, 2].map(() => join(testdir(t), 'state.json')) as [string, string]
  await crash(await another(t, server, optionsFor(server, 'pod', first)))
  await app(t, optionsFor(server, 'pod', second))
  const { ask } = server
  await until(async () => (await fleet(server)).live === 2, 'both are known')
  const body = { reason: 'test', incident: 'INC-1' }
  const { id } = (await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body })).body
  const proof = async () => (await ask('viewer', 'GET', `/v1/flips/${id}`)).body.convergence[0]
  const { status, applied, pending, lost } = await until(async () => {
    const found = await proof()
    return found.count.applied === 1 && found
  }, 'the one that runs has shown it')
  assert.notEqual(status, 'confirmed')
  const waitedFor = [...pending, ...lost].map(({ instance }) => instance)
  assert.deepEqual([applied, waitedFor], [['pod~2'], ['pod']])
})

t.test('the same session under another secret: its receipts go on to count', async t => {
  const redis = await startRedis(t)
  const first = await aServer(t, { redisUrl: redis.url })
  const tokensFile = join(first.dataDir, 'tokens.yaml')
  const shared = { redisUrl: redis.url, tokensFile, tokens: first.tokens }
  const second = await aServer(t, shared)
  const { killswitch } = await app(t, optionsFor(second, 'pod', false))
  const flips = ['kill', 'restore', 'kill', 'restore', 'kill', 'restore'] as const
  for (const verb of flips) assert.equal((await flip(first, verb)).status, 'confirmed')
  // without a key of the log, sessions are made by one that follows from the tokens: a start knows the newest alone
  const entry = `- { id: extra, role: viewer, sha256: ${sha256(newToken('viewer'))} }`
  writeFileSync(tokensFile, `${readFileSync(tokensFile, 'utf8').trimEnd()}\n${entry}\n`)
  await first.reloadTokens()
  await second.reloadTokens()
  assert.equal((await flip(first, 'kill')).status, 'confirmed')
  const { dataDir, address } = second
  await second.close()
  await until(() => killswitch.state.status === 'stale', 'it is alone')
  await aServer(t, { ...shared, dataDir, port: Number(new URL(address).port) })
  await until(() => killswitch.state.status === 'ready', 'it is back')
  const restored = await flip(first, 'restore')
  assert.equal(restored.status, 'confirmed', JSON.stringify(restored))
  assert.deepEqual(restored.applied, ['pod'])
})
