// The last resort: named flags killed by the process' own environment or by a watched file, service or none.

import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { OpenFeature, ProviderEvents } from '@openfeature/server-sdk'
import t from 'tap'
import { Force } from '../../sdk/src/answer/force.js'
import { Killswitch } from '../../sdk/src/killswitch.js'
import { voice } from '../../sdk/src/logger.js'
import { type KillswitchOptions, readOptions } from '../../sdk/src/options.js'
import { KillswitchProvider } from '../../sdk/src/provider.js'
import { respond, World } from './world.js'

const logger = { warn() {}, error() {} }

t.test('KILLSWITCH_FORCE_KILL is read by commas', async () => {
  assert.deepEqual(readOptions({}, { KILLSWITCH_FORCE_KILL: 'ai_v1, kyc_v1' }).forceKill, ['ai_v1', 'kyc_v1'])
})

t.test(
  'a forced flag is killed with no service at all, to the value given where no definition is known',
  async () => {
    const world = new World()
    const options = {
      forceKill: ['ai_v1', 'degraded'],
      killValues: { degraded: true },
      cacheFile: false as const,
      logger,
    }
    const killswitch = new Killswitch(options, { runtime: world })
    void killswitch.start()
    await world.run(1100)
    assert.equal(killswitch.isKilled('ai_v1'), true)
    assert.equal(killswitch.value('ai_v1'), false)
    assert.equal(killswitch.value('degraded'), true)
    assert.equal(killswitch.resolution('ai_v1')?.details.flagMetadata.killedBy, 'forced')
    assert.deepEqual(killswitch.state.forced, ['ai_v1', 'degraded'])
    await killswitch.close()
  },
)

t.test('a watched file forces and lets go, and one that cannot be read changes nothing', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'ks-force-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const forceFile = join(folder, 'force')
  const world = new World()
  const killswitch = new Killswitch({ forceFile, cacheFile: false, logger }, { runtime: world })
  void killswitch.start()
  await world.run(1500)
  const signal = killswitch.signal('ai_v1')
  writeFileSync(forceFile, 'ai_v1 # since 03:00\n')
  await world.run(1000)
  assert.equal(killswitch.isKilled('ai_v1'), true)
  assert.equal(signal.aborted, true)
  rmSync(forceFile)
  await world.run(1000)
  assert.equal(killswitch.isKilled('ai_v1'), true, 'the file may be in the middle of being written')
  await world.run(1000)
  assert.equal(killswitch.isKilled('ai_v1'), false)
  mkdirSync(forceFile)
  await world.run(3000)
  assert.equal(killswitch.isKilled('ai_v1'), false)
  await killswitch.close()
})

t.test(
  'a file that is empty for a moment lets go of nothing, and forces what is new in it at once',
  async () => {
    const world = new World()
    const forced: string[][] = []
    let text = 'ai_v1'
    const force = new Force({
      runtime: world,
      voice: voice(logger),
      keys: [],
      file: '/forced',
      read: () => text,
      onForced: keys => forced.push([...keys]),
    })
    force.start(true)
    for (const next of ['', 'ai_v1', 'kyc_v1', 'kyc_v1']) {
      text = next
      await world.run(1000)
    }
    assert.deepEqual(forced, [['ai_v1'], ['kyc_v1', 'ai_v1'], ['kyc_v1']])
    force.stop()
  },
)

t.test(
  'what is forced is in force under OpenFeature with a refused token too, also what a file forces later',
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'ks-force-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const forceFile = join(folder, 'force')
    const world = new World()
    world.hosts.set('http://a:1', async () => respond(401))
    const underOpenFeature = async (domain: string, given: KillswitchOptions) => {
      const options = { url: 'http://a:1', cacheFile: false as const, logger, ...given }
      const provider = new KillswitchProvider(new Killswitch(options, { runtime: world }))
      const set = OpenFeature.setProviderAndWait(domain, provider)
      const rejected = assert.rejects(set)
      await world.run(100)
      await rejected
      await world.run(100)
      t.after(() => provider.killswitch.close())
      return OpenFeature.getClient(domain)
    }
    const given = await underOpenFeature('given', { forceKill: ['ai_v1'] })
    assert.equal(given.providerStatus, 'ERROR')
    assert.equal(await given.getBooleanValue('ai_v1', true), false)

    const later = await underOpenFeature('later', { forceFile })
    const heard: Promise<boolean>[] = []
    later.addHandler(ProviderEvents.ConfigurationChanged, () => {
      heard.push(later.getBooleanValue('ai_v1', true))
    })
    assert.equal(later.providerStatus, 'FATAL')
    writeFileSync(forceFile, 'ai_v1')
    await world.run(1000)
    assert.equal(later.providerStatus, 'ERROR')
    assert.equal(await later.getBooleanValue('ai_v1', true), false)
    writeFileSync(forceFile, '')
    await world.run(2000)
    assert.equal(later.providerStatus, 'FATAL')
    assert.deepEqual(await Promise.all(heard), [false, true])
  },
)

t.test(
  'what is no flag key is said and not forced, and a receipt tells no more than the service takes',
  async () => {
    const world = new World()
    const said: string[] = []
    const receipts: { forced?: string[] }[] = []
    world.hosts.set('http://a:1', async (url, init) => {
      if (url.pathname === '/v1/receipts') {
        receipts.push(...(JSON.parse(init.body ?? '') as { receipts: typeof receipts }).receipts)
        return respond(202)
      }
      if (url.pathname === '/v1/stream') throw new Error('connect ECONNREFUSED')
      const position = { environment: 'test', log: 'a', revision: 1, catalogue: 'c', at: '', provisional: [] }
      return respond(200, JSON.stringify({ ...position, v: 1, merged: [], flags: {} }))
    })
    const many = Array.from({ length: 1000 }, (_, n) => `flag-${n}`)
    const options = {
      url: 'http://a:1',
      forceKill: ['\u0000\u0001', 'Nó', ...many],
      cacheFile: false as const,
    }
    const killswitch = new Killswitch(
      { ...options, logger: { warn: line => void said.push(line), error() {} } },
      { runtime: world },
    )
    void killswitch.start()
    await world.run(2000)
    assert.equal(killswitch.isKilled('flag-999'), true)
    assert.equal(killswitch.state.forced.length, 1000)
    assert.ok(said.some(line => line.includes('no flag keys')))
    assert.equal(receipts.at(-1)?.forced?.length, 50)
    await killswitch.close()
  },
)

t.test('an option that cannot be is refused with what it may be', async () => {
  assert.throws(
    () => readOptions({}, { KILLSWITCH_MODE: 'sometimes' }),
    /mode is "sometimes"; it may be stream or serverless/,
  )
  assert.throws(() => readOptions({ url: 'kill.example.com' }, {}), /no http or https address/)
  assert.throws(() => readOptions({ pollMs: 0 }, {}), /pollMs \(KILLSWITCH_POLL_MS\)/)
  assert.equal(readOptions({ pollMs: 7 }, { KILLSWITCH_POLL_MS: '9' }).pollMs, 7)
  assert.deepEqual(readOptions({ url: 'http://a/,http://b' }, {}).urls, ['http://a', 'http://b'])
  assert.throws(() => readOptions({ instance: 'a\nb' }, {}), /instance is "a\\nb"; it may be 1 to 200/)
  assert.throws(() => readOptions({ app: '' }, {}), /app is ""/)
})

t.test('a worker that inherits the name of its instance adds its number', async t => {
  const options = new URL('../../sdk/src/options.js', import.meta.url).href
  const text = `import(${JSON.stringify(options)}).then(({ readOptions }) =>
    require('node:worker_threads').parentPort.postMessage(readOptions({}).instance))`
  const thread = new Worker(text, { eval: true, env: { KILLSWITCH_INSTANCE: 'pod-1' } })
  t.after(() => thread.terminate())
  // taken now: a thread that has ended has no number
  const { threadId } = thread
  const [inThread] = await once(thread, 'message')
  assert.equal(inThread, `pod-1/${threadId}`)

  const folder = mkdtempSync(join(tmpdir(), 'ks-cluster-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const exec = join(folder, 'worker.mjs')
  writeFileSync(
    exec,
    `import { readOptions } from ${JSON.stringify(options)}\nprocess.send(readOptions({}).instance)\n`,
  )
  cluster.setupPrimary({ exec })
  const worker = cluster.fork({ KILLSWITCH_INSTANCE: 'pod-1' })
  t.after(() => worker.kill())
  const [inCluster] = await once(worker, 'message')
  assert.equal(inCluster, `pod-1#${worker.id}`)
})

t.test('a variable set to nothing is one that is not set', async () => {
  const names = [
    'URL',
    'TOKEN',
    'APP',
    'INSTANCE',
    'MODE',
    'POLL_MS',
    'CACHE_FILE',
    'FORCE_FILE',
    'BOOTSTRAP',
  ]
  const empty = Object.fromEntries(names.map(name => [`KILLSWITCH_${name}`, '']))
  const same = ({ instance: _instance, ...options }: object & { instance: string }) => options
  assert.deepEqual(same(readOptions({}, empty)), same(readOptions({}, {})))
})
