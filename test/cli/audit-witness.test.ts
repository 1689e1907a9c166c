// A witness on another machine: cosigns what is proved to have only grown, and nothing else; the service keeps its word.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Client } from '../../src/cli/client/client.js'
import { lookAt, type Witness } from '../../src/cli/client/witnessing.js'
import { readState } from '../../src/cli/log/witness-state.js'
import { type Checkpoint, parseCheckpoint, signCheckpoint } from '../../src/domain/log/checkpoint.js'
import { parseWitnesses, witnessedAt } from '../../src/domain/log/cosignature.js'
import { LogKeys } from '../../src/domain/log/log-keys.js'
import { leafHash } from '../../src/domain/log/merkle.js'
import { COSIGNER, parseVerifierKey, verifierKey } from '../../src/domain/log/note.js'
import { importLog } from '../../src/process/import-log.js'
import { readLogKeys } from '../../src/tokens/log-key.js'
import { chainOf, headOf } from '../support/entries.js'
import { aLogKey, logKeyFile } from '../support/log-key.js'
import { aServer, type Given, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { envFor, gather, nowhere, run, start } from './cli.js'

const NDJSON = { headers: { accept: 'application/x-ndjson' } }
const strangerKey = verifierKey('w2', generateKeyPairSync('ed25519').privateKey, COSIGNER)
const kill = (server: TestServer, flag: string) =>
  server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: {} })

/** A service that knows of a witness, and that witness. */
async function aWitness(t: Test, given: Given = {}) {
  const witnessKey = logKeyFile(t)
  const vkey = verifierKey('w1', (await readLogKeys(witnessKey))[0]!, COSIGNER)
  const witnesses = parseWitnesses(`1:${vkey}`)
  const server = await aServer(t, { witnesses, isHasty: true, ...given })
  const state = join(testdir(t), 'ks.state')
  const key = server.parts.log.proof.verifierKey as string
  const args = ['audit', 'witness', '--state', state, '--witness-key', witnessKey, '--name', 'w1']
  const look = (...more: string[]) => run(t, [...args, '--once', ...more], envFor(server, 'viewer'))
  const signing = (await readLogKeys(witnessKey))[0]!
  /** The same in this process. */
  const within = async (more: Partial<Witness> = {}) => {
    const client = new Client({ urls: [server.address], token: server.tokens.viewer, timeoutMs: 60_000 })
    const witness = {
      file: state,
      key: undefined,
      name: 'w1',
      signing,
      accept: undefined,
      now: Date.now,
    }
    return lookAt(client, { ...witness, ...more }, await readState(state))
  }
  const shown = async () => {
    const found = parseCheckpoint((await server.ask('viewer', 'GET', '/v1/audit/checkpoint')).text)
    assert.ok(found)
    return { ...found, isWitnessed: witnessedAt(found.note, witnesses, Date.now()) !== undefined }
  }
  const remembered = () => parseCheckpoint(JSON.parse(readFileSync(state, 'utf8')).note)?.checkpoint
  /** What it would have cosigned before, had the log been another one. */
  const remember = async (other: Partial<Checkpoint>) => {
    const { checkpoint } = await shown()
    const signing = (await readLogKeys(join(server.dataDir, 'log.key')))[0]!
    writeFileSync(
      state,
      JSON.stringify({ v: 1, key, note: signCheckpoint({ ...checkpoint, ...other }, signing), branches: [] }),
    )
  }
  return { server, state, key, vkey, witnesses, args, look, within, shown, remembered, remember }
}

t.test('killswitch audit witness', async t => {
  t.test('cosigns the first checkpoint, and then what goes on from it', async t => {
    const { server, state, key, vkey, look, shown, remembered } = await aWitness(t)
    const blind = await look()
    assert.deepEqual([blind.code, /give the log's public key with --key/.test(blind.err)], [2, true])
    assert.equal((await shown()).isWitnessed, false)
    const first = await look('--key', key)
    assert.equal(first.code, 0, first.err + first.out)
    assert.match(first.err, new RegExp(`This witness is ${vkey.replaceAll(/[+/.]/g, '\\$&')}`))
    assert.match(first.out, /^cosigned {2}http\S+: 1 entries, the first seen\n$/)
    assert.ok((await shown()).isWitnessed)
    for (const flag of ['ai_v1', 'kyc_v1']) await kill(server, flag)
    assert.equal((await shown()).isWitnessed, false)
    const next = await look('--json')
    const { outcome, size, from, kept } = next.json
    assert.deepEqual([next.code, outcome, size, from, kept], [0, 'cosigned', 3, 1, true])
    assert.ok((await shown()).isWitnessed)
    assert.equal(remembered()?.size, 3)
    const [file, since] = [`${state}.ndjson`, `${state}.ndjson.checkpoint`]
    writeFileSync(file, (await server.ask('viewer', 'GET', '/v1/audit?order=oldest', NDJSON)).text)
    writeFileSync(since, (await server.ask('viewer', 'GET', '/v1/audit/checkpoint')).text)
    const verify = (...more: string[]) => run(t, ['audit', 'verify', file, '--key', key, ...more])
    const good = await verify('--witnesses', `1:${vkey}`)
    assert.deepEqual([good.code, /cosigned by w1\)/.test(good.out)], [0, true], good.err + good.out)
    const old = await verify(
      '--witnesses',
      `1:${vkey}`,
      '--as-of',
      new Date(Date.now() + 700_000).toISOString(),
    )
    assert.deepEqual([old.code, /unwitnessed {2}0 of the 1 witnesses/.test(old.out)], [3, true])
    assert.equal((await verify('--witnesses', '9:x')).code, 2)
    assert.match(server.parts.log.proof.cosigned ?? '', /\n— w1 /)
    writeFileSync(state, '{}')
    assert.match((await look()).err, /is not a state file/)
  })

  t.test('cosigns nothing that does not go on from what it cosigned', async t => {
    const { look, within, remember, remembered, shown, server } = await aWitness(t)
    for (const flag of ['ai_v1', 'kyc_v1', 'inflow.llm']) await kill(server, flag)
    for (const [before, outcome] of [
      [{ root: leafHash('x') }, 'fork'],
      [{ size: 9, root: leafHash('x') }, 'behind'],
      [{ origin: 'killswitch/test/0123456789abcdef' }, 'fork'],
      [{ size: 2, root: leafHash('x') }, 'fork'],
    ] as const) {
      await remember(before)
      const found = await within()
      assert.deepEqual([found.outcome, 'notes' in found && found.notes.length], [outcome, 2])
      assert.equal(remembered()?.size, { size: 4, ...before }.size, 'and it remembers what it cosigned')
      assert.equal((await shown()).isWitnessed, false)
    }
    const { code, out } = await look()
    assert.equal(code, 3)
    assert.match(
      out,
      /^NOT COSIGNED {2}http\S+: fork: it does not prove that what it shows as 4 entries begins with the 2/,
    )
    assert.equal(out.split('\n').filter(line => line.startsWith('  "killswitch/')).length, 2, 'both notes')
    const other = verifierKey('x', generateKeyPairSync('ed25519').privateKey)
    assert.equal((await within({ key: parseVerifierKey(other) })).outcome, 'unsigned')
  })

  t.test('cosigns a log that left a branch once a person has said that it was a failover', async t => {
    const dataDir = testdir(t)
    const first = chainOf({ count: 6 })
    const second = chainOf({ count: 4, after: { ...headOf(first.at(-1)!), epoch: 3 } })
    const lines = [...first, ...second].map(({ line }) => Buffer.from(line))
    const portions = (async function* () {
      yield { lines }
    })()
    await importLog({ environment: 'test', dataDir }, portions, () => {})
    const { look, within, remember, shown } = await aWitness(t, { dataDir })
    await remember({
      size: 8,
      root: leafHash('left'),
      head: { epoch: 0, seq: 8, hash: 'a'.repeat(64) },
      openings: [],
    })
    assert.equal((await within()).outcome, 'branch')
    const { code, out } = await look('--accept-branch', '4')
    assert.equal(code, 3)
    assert.match(out, /branch: .*: epoch 3 was opened after entry 0-6, and 8 entries up to 0-8 were\./)
    assert.match(out, /--accept-branch 3/)
    assert.equal((await shown()).isWitnessed, false)
    assert.equal((await look('--accept-branch', '3')).code, 0)
    assert.ok((await shown()).isWitnessed)
    assert.equal((await within()).outcome, 'cosigned')
  })

  t.test('tells of a service that does not know it, and of one that does not answer', async t => {
    const { look, key, args } = await aWitness(t, { witnesses: parseWitnesses(`1:${strangerKey}`) })
    const { code, out } = await look('--key', key)
    assert.equal(code, 3)
    assert.match(out, /^cosigned .*The service did not keep it: .*configured here.*\n— w1 \S+\n/s)
    const away = await run(t, [...args, '--once'], {
      KILLSWITCH_URL: await nowhere(t),
      KILLSWITCH_TOKEN: 'x',
    })
    assert.equal(away.code, 5)
  })

  t.test('goes on where the key of the log is changed, by what the key before says', async t => {
    const [logKeyFile, next] = [join(testdir(t), 'log.key'), generateKeyPairSync('ed25519').privateKey]
    const pem = next.export({ type: 'pkcs8', format: 'pem' })
    writeFileSync(logKeyFile, `${aLogKey()}${pem}`, { mode: 0o600 })
    const { look, key, server, state } = await aWitness(t, { logKeyFile })
    assert.equal((await look('--key', key)).code, 0)
    const { id } = new LogKeys([next]).first as { id: string }
    const changed = await server.ask('owner', 'POST', '/v1/audit/rekey', {
      body: { key: id, reason: 'yearly' },
    })
    assert.equal(changed.status, 200)
    const after = await look('--key', key, '--json')
    assert.deepEqual([after.code, after.json.outcome], [0, 'cosigned'], after.out)
    const { keys } = JSON.parse(readFileSync(state, 'utf8'))
    assert.deepEqual(
      keys.map(({ until }: { until?: number }) => until),
      [1, undefined],
    )
    assert.equal(keys[1].key, server.parts.log.proof.verifierKey)
    assert.equal((await look('--json')).code, 0, 'remembered')
  })

  t.test('looks again and again until it is stopped', async t => {
    const { args, key, server, shown } = await aWitness(t)
    const child = start(t, [...args, '--key', key, '--every', '0.05'], envFor(server, 'viewer'))
    const out = gather(child.stdout)
    await until(() => /the first seen/.test(out()), 'the first look')
    await kill(server, 'ai_v1')
    await until(async () => (await shown()).isWitnessed, 'the next one cosigns what came')
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'close'), [0, null])
  })
})
