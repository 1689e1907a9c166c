// Checkpoints and proofs as the service serves them: over restarts, without its derived files, and from two instances.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { KillswitchError } from '../../src/domain/errors.js'
import { hashLine, placeOf } from '../../src/domain/log/audit.js'
import { parseCheckpoint } from '../../src/domain/log/checkpoint.js'
import { Frontier, leafHash, verifyInclusion } from '../../src/domain/log/merkle.js'
import { parseVerifierKey, verifyNote } from '../../src/domain/log/note.js'
import { lostKeyAt } from '../../src/domain/log/signature.js'
import { replaceLostKey } from '../../src/process/rekey-log.js'
import type { InclusionProof, KeyChanges } from '../../src/wire/audit.js'
import { aLogKey } from '../support/log-key.js'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { wholeFile } from '../support/whole-file.js'

const NDJSON = { headers: { accept: 'application/x-ndjson' } }

async function exported({ ask }: TestServer): Promise<string[]> {
  const { text } = await ask('viewer', 'GET', '/v1/audit?order=oldest', NDJSON)
  return text.split('\n').slice(0, -1)
}

async function checkpointOf(server: TestServer) {
  const { status, text, headers } = await server.ask('viewer', 'GET', '/v1/audit/checkpoint')
  assert.equal(status, 200, text)
  const read = parseCheckpoint(text)
  assert.ok(read)
  return { ...read, text, key: String(headers['killswitch-log-key']), type: String(headers['content-type']) }
}

/** What is signed, but for the hour. */
const withoutTime = (note: string) => note.replace(/\ntime .*(?=\n\n)/, '').split('\n\n')[0]

const flip = (server: TestServer, flag: string) =>
  server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: {} })

function rootOf(lines: readonly string[]): Buffer {
  const frontier = new Frontier()
  for (const line of lines) frontier.append(leafHash(line))
  return frontier.root()
}

function aKeyFile(): string {
  const file = join(testdir(wholeFile), 'log.key')
  writeFileSync(file, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return file
}

t.test('GET /v1/audit/checkpoint', async t => {
  t.test('signs the length, the root and the last entry of the log', async t => {
    const server = await aServer(t)
    for (const flag of ['ai_v1', 'kyc_v1', 'inflow.llm']) {
      await flip(server, flag)
      const { checkpoint, note, key, type } = await checkpointOf(server)
      const lines = await exported(server)
      assert.match(type, /^text\/plain/)
      assert.equal(checkpoint.size, lines.length)
      assert.deepEqual(checkpoint.root, rootOf(lines))
      assert.equal(checkpoint.head?.seq, lines.length)
      const verifier = parseVerifierKey(key)
      assert.equal(verifier && verifyNote(note, verifier), 'verified')
    }
    assert.equal(statSync(join(server.dataDir, 'log.key')).mode & 0o777, 0o600)
    const { text } = await server.ask('viewer', 'GET', '/metrics')
    assert.match(text, /killswitch_checkpoint_size\{environment="test"\} 4\n/)
  })

  t.test('is signed with the key that was given, and no other is made beside it', async t => {
    const logKeyFile = aKeyFile()
    const server = await aServer(t, { logKeyFile })
    const { note, key } = await checkpointOf(server)
    const verifier = parseVerifierKey(key)
    assert.equal(verifier && verifyNote(note, verifier), 'verified')
    assert.equal(existsSync(join(server.dataDir, 'log.key')), false)
  })

  t.test('is the same after a restart, and without the tree and the index', async t => {
    const first = await aServer(t)
    await flip(first, 'ai_v1')
    const { dataDir, tokens } = first
    const { text } = await checkpointOf(first)
    await first.close()
    const second = await aServer(t, { dataDir, tokens })
    assert.equal((await checkpointOf(second)).text, text)
    await second.close()
    for (const derived of ['tree', 'index', 'checkpoint.json', 'signed.checkpoint'])
      rmSync(join(dataDir, derived), { recursive: true })
    const third = await aServer(t, { dataDir, tokens })
    assert.equal(withoutTime((await checkpointOf(third)).text), withoutTime(text))
  })

  t.test('is refused without a key, with the way out, and a key that is none stops the start', async t => {
    const redis = await startRedis(t)
    const server = await aServer(t, { redisUrl: redis.url, isKeyless: true })
    for (const path of ['/v1/audit/checkpoint', '/v1/audit/1/proof', '/v1/audit/consistency?from=1']) {
      const { status, body } = await server.ask('viewer', 'GET', path)
      assert.deepEqual([status, body.code], [404, 'no-log-key'])
      assert.match(body.detail, /KILLSWITCH_LOG_KEY_FILE/)
    }
    const rsa = join(testdir(t), 'rsa.key')
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(rsa, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    for (const logKeyFile of [rsa, join(testdir(t), 'gone'), import.meta.filename])
      await assert.rejects(
        aServer(t, { logKeyFile }),
        (error: unknown) => error instanceof KillswitchError && /openssl genpkey/.test(error.detail),
      )
  })

  t.test('is the same on two instances of one Redis, but for its time', async t => {
    const redis = await startRedis(t)
    const given = { redisUrl: redis.url, logKeyFile: aKeyFile() }
    const [one, two] = [await aServer(t, given), await aServer(t, given)]
    await Promise.all(
      ['ai_v1', 'kyc_v1', 'pilot.enabled'].flatMap(flag => [flip(one, flag), flip(two, flag)]),
    )
    const { checkpoint } = await until(async () => {
      const [mine, other] = [await checkpointOf(one), await checkpointOf(two)]
      return withoutTime(mine.text) === withoutTime(other.text) && mine
    }, 'both have followed the log to its end')
    assert.deepEqual(checkpoint.root, rootOf((await exported(two)).slice(0, checkpoint.size)))
  })

  t.test('is told again and again, where it has changed', async t => {
    const server = await aServer(t)
    const told: string[] = []
    t.after(server.parts.log.proof.tellEvery(5, note => told.push(note)))
    await until(() => told.length === 1, 'the checkpoint at the start')
    await flip(server, 'ai_v1')
    await until(() => told.length === 2, 'the checkpoint after the kill')
    assert.equal(told[1], (await checkpointOf(server)).text)
  })
})

t.test('GET /v1/audit/:place/proof', async t => {
  t.test('proves each entry to be in the log that the checkpoint signs', async t => {
    const server = await aServer(t)
    for (const flag of ['ai_v1', 'kyc_v1', 'inflow.llm', 'pilot.enabled']) await flip(server, flag)
    for (const [at, line] of (await exported(server)).entries()) {
      const { status, body } = await server.ask('viewer', 'GET', `/v1/audit/${at + 1}/proof`)
      assert.equal(status, 200)
      const { index, size, leafHash: leaf, proof, checkpoint } = body as InclusionProof
      const read = parseCheckpoint(checkpoint)
      assert.equal(leaf, leafHash(line).toString('hex'))
      assert.equal(read?.checkpoint.size, size)
      const hashes = proof.map(hash => Buffer.from(hash, 'hex'))
      assert.ok(
        verifyInclusion({ index, size, leaf: leafHash(line), proof: hashes, root: read.checkpoint.root }),
      )
    }
    const { status, body } = await server.ask('viewer', 'GET', '/v1/audit/99/proof')
    assert.deepEqual([status, body.code], [404, 'unknown-entry'])
  })
})

t.test('the stream', async t => {
  t.test('carries the newest checkpoint in each heartbeat', async t => {
    const server = await aServer(t)
    const { text: note } = await checkpointOf(server)
    const headers = { authorization: `Bearer ${server.tokens.sdk}` }
    const { body } = await fetch(`${server.address}/v1/stream`, { headers })
    let text = ''
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString()
      if (/event: heartbeat\n.*\n\n/.test(text)) break
    }
    const [, data = ''] = /event: heartbeat\ndata: (.*)\n/.exec(text) ?? []
    assert.equal(JSON.parse(data).checkpoint, note)
  })
})

t.test('a receipt that reports a fork', async t => {
  t.test('is told loudly, once, and counted', async t => {
    const server = await aServer(t)
    const told: string[] = []
    const { onFork } = server.parts.fleet
    server.parts.fleet.onFork = receipt => {
      told.push(`${receipt.instance}: ${receipt.fork}`)
      onFork(receipt)
    }
    const at = new Date().toISOString()
    const receipt = {
      instance: 'api-7',
      app: 'trustflow',
      log: 'x',
      revision: 1,
      appliedAt: at,
      sdk: 's',
      startedAt: at,
      boot: 'cache',
    }
    const send = (more: object) =>
      server.ask('sdk', 'POST', '/v1/receipts', { body: { receipts: [{ ...receipt, ...more }] } })
    assert.equal((await send({ fork: 'two trees of 9 entries' })).status, 202)
    await send({ fork: 'two trees of 9 entries' })
    assert.deepEqual(told, ['api-7: two trees of 9 entries'])
    const { text } = await server.ask('viewer', 'GET', '/metrics')
    assert.match(text, /killswitch_forks_reported\{environment="test"\} 1\n/)
    const { body } = await server.ask('viewer', 'GET', '/v1/instances')
    assert.equal(body.instances[0].fork, 'two trees of 9 entries')
    await send({})
    assert.match(
      (await server.ask('viewer', 'GET', '/metrics')).text,
      /killswitch_forks_reported\{environment="test"\} 0\n/,
    )
  })
})

t.test(
  'where a lost key was replaced is told wherever the log is verified, and leads to no other key',
  async t => {
    const dataDir = testdir(t)
    const first = await aServer(t, { dataDir, isHasty: true })
    await flip(first, 'ai_v1')
    const before = (await first.ask('sdk', 'GET', '/v1/audit/verify')).status
    assert.equal(before, 403)
    assert.equal((await first.ask('viewer', 'GET', '/v1/audit/verify')).body.lostKeys, undefined)
    await first.close()
    const logKeyFile = join(testdir(t), 'new.key')
    const old = readFileSync(join(dataDir, 'log.key'), 'utf8')
    writeFileSync(logKeyFile, aLogKey(), { mode: 0o600 })
    const about = {
      dataDir,
      environment: 'test',
      keyFile: logKeyFile,
      reason: 'it is gone',
      actor: 'offline',
    }
    const { entry } = await replaceLostKey(about)
    writeFileSync(logKeyFile, `${readFileSync(logKeyFile, 'utf8')}${old}`)
    const { tokens } = first
    const again = await aServer(t, { dataDir, logKeyFile, tokens, isHasty: true })
    const { body } = await again.ask('viewer', 'GET', '/v1/audit/verify')
    const place = placeOf(entry)
    assert.deepEqual([body.ok, body.lostKeys], [true, [{ place, detail: lostKeyAt(place) }]])
    const { changes, log } = (await again.ask('sdk', 'GET', '/v1/audit/key-changes')).body as KeyChanges
    assert.equal(changes.length, 1)
    const [line = ''] = await exported(again)
    assert.equal(log, hashLine(line))
  },
)
