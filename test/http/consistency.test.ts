// The log is proved to only grow: to whoever asks, and by each start to itself. Whoever rewrites it is found out by both.

import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Killswitch } from '../../sdk/src/killswitch.js'
import { parseCheckpoint } from '../../src/domain/log/checkpoint.js'
import { verifyConsistency } from '../../src/domain/log/merkle.js'
import { importLog } from '../../src/process/import-log.js'
import { readLogKeys } from '../../src/tokens/log-key.js'
import type { ConsistencyProof } from '../../src/wire/audit.js'
import { logKeyFile } from '../support/log-key.js'
import { startRedis } from '../support/redis.js'
import { rehashed } from '../support/rehashed.js'
import { aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { rootOf } from '../support/trees.js'
import { until } from '../support/until.js'
import { wholeFile } from '../support/whole-file.js'

const FLAGS = ['ai_v1', 'kyc_v1', 'inflow.llm']

async function exported({ ask }: TestServer): Promise<string[]> {
  const accept = { headers: { accept: 'application/x-ndjson' } }
  return (await ask('viewer', 'GET', '/v1/audit?order=oldest', accept)).text.split('\n').slice(0, -1)
}

const flip = async (server: TestServer, flag: string) =>
  assert.equal((await server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: {} })).status, 200)

t.test('GET /v1/audit/consistency', async t => {
  const shared = aServer(wholeFile, { isHasty: true })

  t.test('proves each size to extend each smaller one, to an app too', async () => {
    const server = await shared
    for (const flag of FLAGS) await flip(server, flag)
    const lines = await exported(server)
    for (let to = 1; to <= lines.length; to++)
      for (let from = 1; from <= to; from++) {
        const { status, body } = await server.ask('sdk', 'GET', `/v1/audit/consistency?from=${from}&to=${to}`)
        const given = body as ConsistencyProof
        assert.deepEqual([status, given.from, given.to], [200, from, to])
        const [firstRoot, secondRoot] = [rootOf(lines, from), rootOf(lines, to)]
        const proof = given.proof.map(hash => Buffer.from(hash, 'hex'))
        assert.ok(
          verifyConsistency({ first: from, second: to, firstRoot, secondRoot, proof }),
          `${from} ${to}`,
        )
      }
    const { body } = await server.ask('viewer', 'GET', '/v1/audit/consistency?from=2')
    assert.equal(body.to, lines.length, 'as many as there are')
    assert.equal(parseCheckpoint(body.checkpoint)?.checkpoint.size, lines.length)
  })

  t.test('refuses sizes that are none, and says how many there are', async () => {
    const server = await shared
    const ask = async (query: string) => {
      const { status, body } = await server.ask('viewer', 'GET', `/v1/audit/consistency?${query}`)
      return [status, body.code, body.detail] as const
    }
    for (const query of [
      '',
      'from=0',
      'from=-1',
      'from=x',
      'from=1.5',
      'from=1e30',
      'from=1&to=0',
      'to=1',
      'from=1&x=1',
    ])
      assert.deepEqual((await ask(query)).slice(0, 2), [400, 'malformed-request'], query)
    const [status, code, detail] = await ask('from=2&to=1')
    assert.deepEqual([status, code], [400, 'malformed-request'])
    assert.match(detail, /A log of 1 entries cannot go on from one of 2\. Give as "from" the smaller/)
    for (const query of ['from=1&to=5', 'from=5', 'from=5&to=2']) {
      const beyond = await ask(query)
      assert.deepEqual(beyond.slice(0, 2), [404, 'unknown-entry'], query)
      assert.match(beyond[2], /The log has 4 entries here, and 5 were asked for/)
    }
  })
})

/** An app whose file outlives it. Its heartbeats count as lost soon, so that it connects again and is shown a checkpoint. */
function anApp({ address: url, tokens, parts }: TestServer, cacheFile: string, warnings: string[] = []) {
  const logKey = parts.log.proof.verifierKey as string
  const logger = { warn: (text: string) => warnings.push(text), error: (text: string) => warnings.push(text) }
  return new Killswitch({
    url,
    token: tokens.sdk,
    app: 'trustflow',
    logKey,
    cacheFile,
    heartbeatMs: 50,
    logger,
  })
}

/** Without the seconds that a service gives to the connections of apps. */
async function closed({ app: { server } }: TestServer, app: Killswitch): Promise<void> {
  await app.close()
  server.closeAllConnections()
}

/** An old entry rewritten, the chain hashed anew, everything that is derived taken away: the log's key signs as before. */
async function rewritten(
  t: Test,
  given: { redisUrl?: string; logKeyFile?: string },
  clear: () => Promise<unknown>,
) {
  const first = await aServer(t, { ...given, isHasty: true })
  for (const flag of FLAGS) await flip(first, flag)
  const { text: note } = await first.ask('viewer', 'GET', '/v1/audit/checkpoint')
  const lines = await exported(first)
  const cacheFile = join(testdir(t), 'app.json')
  const app = anApp(first, cacheFile)
  await app.start()
  const witness = Reflect.get(app, 'witness') as { note: string | undefined }
  await until(() => app.state.status === 'ready' && witness.note === note, 'the app was shown the log')
  await closed(first, app)
  assert.ok(readFileSync(cacheFile, 'utf8').includes(JSON.stringify(note).slice(1, -1)))
  const { dataDir, tokens } = first
  await first.close()
  const [key] = await readLogKeys(given.logKeyFile ?? join(dataDir, 'log.key'))
  const change = (line: string) =>
    line.replace('"action":"kill"', '"reason":"it was somebody else","action":"kill"')
  const other = rehashed(lines, 2, change, key)
  for (const name of ['log', 'tree', 'index', 'checkpoint.json'])
    rmSync(join(dataDir, name), { recursive: true, force: true })
  await clear()
  const to = given.redisUrl === undefined ? { dataDir } : { redisUrl: given.redisUrl }
  const portions = (async function* () {
    yield { lines: other.map(line => Buffer.from(line)) }
  })()
  await importLog({ environment: 'test', ...to }, portions, () => {})
  return { note, dataDir, cacheFile, again: () => aServer(t, { ...given, dataDir, tokens, isHasty: true }) }
}

t.test('a log that was rewritten, with the disk and the key', async t => {
  for (const store of ['local', 'redis'] as const)
    t.test(`is not signed by the next start, and believed by no app (${store})`, async t => {
      const redis = store === 'redis' ? await startRedis(t) : undefined
      const given = redis ? { redisUrl: redis.url, logKeyFile: logKeyFile(t) } : {}
      const { again, dataDir, cacheFile, note } = await rewritten(t, given, async () =>
        redis?.admin.flushall(),
      )
      const server = await again()
      assert.ok((await server.ask('viewer', 'GET', '/v1/audit/verify')).body.ok, 'the chain holds')
      await flip(server, 'ai_v1')
      const { status, body } = await server.ask('viewer', 'GET', '/v1/audit/checkpoint')
      assert.deepEqual([status, body.code], [409, 'not-extended'])
      assert.match(
        body.detail,
        /the first \d+ of this disk are not those: they were rewritten.*move .*signed\.checkpoint away/,
      )
      assert.equal((await server.ask('sdk', 'GET', '/v1/audit/consistency?from=4')).body.code, 'not-extended')
      assert.equal(server.parts.log.proof.newest(), undefined, 'and no heartbeat carries one')
      const ready = await server.ask(undefined, 'GET', '/readyz')
      assert.equal(ready.status, 200)
      assert.ok(ready.body.degraded.some(({ code }: { code: string }) => code === 'not-extended'))
      const { text } = await server.ask('viewer', 'GET', '/metrics')
      assert.match(text, /killswitch_checkpoint_refused\{environment="test"\} 1\n/)
      await server.close()
      rmSync(join(dataDir, 'signed.checkpoint'))
      const forged = await again()
      await until(() => forged.parts.log.proof.newest() !== undefined, 'the evidence was removed')
      const warnings: string[] = []
      const app = anApp(forged, cacheFile, warnings)
      t.after(() => closed(forged, app))
      await app.start()
      await until(() => app.state.fork !== undefined, 'the app asked for the proof')
      assert.match(app.state.fork ?? '', /^what is shown as \d entries does not begin with the 4 that were/)
      const said = warnings.find(text => text.startsWith('killswitch: fork: '))
      assert.ok(said?.includes(JSON.stringify(note)))
    })
})
