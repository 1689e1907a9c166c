// The verifier as a person runs it, on exports of a real service: what holds, what does not, and where.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { hashLine } from '../../src/domain/log/audit.js'
import { signNote } from '../../src/domain/log/note.js'
import { ensureLogKeys, readLogKeys } from '../../src/tokens/log-key.js'
import { rehashed } from '../support/rehashed.js'
import { aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { envFor, run } from './cli.js'

const kill = (server: TestServer, flag: string) =>
  server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: {} })

async function checkpointOf(server: TestServer, file: string): Promise<string> {
  const { text, headers } = await server.ask('viewer', 'GET', '/v1/audit/checkpoint')
  writeFileSync(file, text)
  return String(headers['killswitch-log-key'])
}

/** A service with a few entries, an early checkpoint, one of now, and its export. */
async function aLog(t: Test) {
  const server = await aServer(t)
  const dir = testdir(t)
  const [file, early, now] = ['audit.ndjson', 'early.checkpoint', 'now.checkpoint'].map(name =>
    join(dir, name),
  ) as [string, string, string]
  for (const flag of ['ai_v1', 'kyc_v1']) await kill(server, flag)
  const key = await checkpointOf(server, early)
  for (const flag of ['inflow.llm', 'pilot.enabled', 'bridge.intake']) await kill(server, flag)
  await checkpointOf(server, now)
  const { code, err } = await run(t, ['audit', 'export', '-o', file], envFor(server, 'viewer'))
  assert.equal(code, 0, err)
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  const write = (changed: readonly string[]) => writeFileSync(file, changed.map(line => `${line}\n`).join(''))
  return { server, dir, file, early, now, key, lines, write }
}

t.test('killswitch audit verify', async t => {
  t.test('proves an export to extend the checkpoints given', async t => {
    const { file, early, now, key } = await aLog(t)
    const alone = await run(t, ['audit', 'verify', file])
    assert.equal(alone.code, 0)
    assert.match(
      alone.out,
      /^ok {2}.*audit\.ndjson: 6 entries, up to 0-6, log \S{16} of test, one unbroken chain\n/,
    )
    assert.match(alone.out, /unproven {2}all of it/)
    const since = await run(t, ['audit', 'verify', file, '--since', early, '--key', key])
    assert.equal(since.code, 0)
    assert.match(
      since.out,
      /proven {2}the first 3 by .*early\.checkpoint \(signed by killswitch\/test\/\S{16}\)/,
    )
    assert.match(since.out, /unproven {2}the last 3/)
    const both = await run(t, ['audit', 'verify', file, '--since', early, '--since', now, '--json'])
    const { ok, entries, proven, unproven, checkpoints } = both.json
    assert.deepEqual([ok, entries, proven, unproven, checkpoints.length], [true, 6, 6, 0, 2])
    assert.equal(checkpoints[0].signature, 'unchecked')
  })

  t.test('uses the checkpoint beside the export', async t => {
    const { server, file } = await aLog(t)
    await checkpointOf(server, `${file}.checkpoint`)
    const { code, out } = await run(t, ['audit', 'verify', file])
    assert.equal(code, 0)
    assert.match(out, /proven {2}the first 6 by .*audit\.ndjson\.checkpoint/)
  })

  t.test('names the line that was touched, and ends with 3', async t => {
    const { file, now, lines, write } = await aLog(t)
    const found = async (changed: readonly string[]) => {
      write(changed)
      const ran = await run(t, ['audit', 'verify', file, '--since', now, '--json'])
      assert.equal(ran.code, 3)
      const { ok, fault } = ran.json
      assert.equal(ok, false)
      return [fault.kind, fault.line]
    }
    const edited = lines.map((line, at) => (at === 3 ? line.replace('operator', 'engineer') : line))
    assert.deepEqual(await found(edited), ['edited', 4])
    assert.deepEqual(await found(lines.toSpliced(2, 1)), ['missing', 3])
    assert.deepEqual(await found(lines.toSpliced(2, 0, lines[4]!)), ['inserted', 3])
    assert.deepEqual(await found(lines.slice(0, 5)), ['cut', 6])
    write(edited)
    const told = await run(t, ['audit', 'verify', file, '--since', now])
    assert.match(told.out, /^NOT OK {2}.*audit\.ndjson, line 4 \(entry 0-4\): edited\n/)
  })

  t.test('names the line that nobody with the key signed, with the key alone', async t => {
    const { server, file, lines, write, key } = await aLog(t)
    const whole = await run(t, ['audit', 'verify', file, '--key', key])
    assert.equal(whole.code, 0, whole.out)
    assert.match(whole.out, /signed {2}all 6, by who has the key [0-9a-f]{8}/)
    const change = (line: string) => line.replace('operator', 'engineer')
    write(rehashed(lines, 3, change))
    const { code, json } = await run(t, ['audit', 'verify', file, '--key', key, '--json'])
    assert.deepEqual([code, json.fault.kind, json.fault.line], [3, 'unsigned', 4])
    const [own] = await readLogKeys(join(server.dataDir, 'log.key'))
    write(rehashed(lines, 3, change, own))
    const withKey = await run(t, ['audit', 'verify', file, '--key', key, '--json'])
    assert.deepEqual([withKey.code, withKey.json.commits.verified], [0, true], 'whoever has the key could')
    write([
      ...lines,
      (lines[5] as string)
        .replace(/,"sig":.*/, '}')
        .replace(/"seq":6,/, '"seq":7,')
        .replace(/"prev":"[0-9a-f]*"/, `"prev":"${hashLine(lines[5] as string)}"`),
    ])
    const added = await run(t, ['audit', 'verify', file, '--json'])
    assert.deepEqual([added.code, added.json.fault.kind, added.json.fault.line], [3, 'unsigned', 7])
  })

  t.test('bounds a chain that was hashed anew by two checkpoints, and another copy locates it', async t => {
    const { dir, file, early, now, lines, write } = await aLog(t)
    const copy = join(dir, 'copy.ndjson')
    writeFileSync(copy, readFileSync(file))
    const to = ['--since', early, '--since', now, '--json']
    const same = await run(t, ['audit', 'verify', file, '--against', copy, ...to])
    assert.deepEqual([same.code, same.json.against], [0, { file: copy, same: 6, isSigned: true }])
    write(rehashed(lines, 4, line => line.replace('operator', 'engineer')))
    assert.equal((await run(t, ['audit', 'verify', file])).code, 0, 'by itself it is one chain')
    const { code, json } = await run(t, ['audit', 'verify', file, ...to])
    assert.deepEqual([code, json.fault.kind, json.fault.from, json.fault.line], [3, 'rewritten', 4, 6])
    assert.match(
      json.fault.problem,
      /lines 4 to 6 were rewritten.*of 6 entries does not hold, and the one of 3/,
    )
    const against = await run(t, ['audit', 'verify', file, '--against', copy, ...to])
    const { fault } = against.json
    assert.deepEqual([against.code, fault.line, fault.place, fault.from], [3, 5, 5, undefined])
    const unsigned = await run(t, ['audit', 'verify', file, '--against', copy])
    assert.equal(unsigned.code, 3)
    assert.match(
      unsigned.out,
      /^NOT OK .*differs {2}from .*copy\.ndjson at line 5 first: which of the two is right/s,
    )
  })

  t.test('believes no checkpoint that the key did not sign', async t => {
    const { dir, file, now, key } = await aLog(t)
    const [text = ''] = readFileSync(now, 'utf8').split('\n\n')
    const forged = join(dir, 'forged.checkpoint')
    writeFileSync(forged, readFileSync(now, 'utf8').replace('\n6\n', '\n5\n'))
    assert.equal((await run(t, ['audit', 'verify', file, '--since', forged, '--key', key, '--json'])).code, 3)
    writeFileSync(forged, signNote(`${text}\n`, key.split('+')[0]!, (await ensureLogKeys(testdir(t)))[0]!))
    const { code, json } = await run(t, ['audit', 'verify', file, '--since', forged, '--key', key, '--json'])
    assert.deepEqual([code, json.checkpoints[0].signature], [3, 'unknown-key'])
    assert.equal((await run(t, ['audit', 'verify', file, '--since', forged])).code, 0, 'nobody was asked')
  })

  t.test('ends with 2 where it was not asked rightly', async t => {
    const { file, now } = await aLog(t)
    for (const [args, why] of [
      [[`${file}.gone`], /cannot be read \(ENOENT\)/],
      [[file, '--since', file], /is no checkpoint/],
      [[file, '--since', now, '--key', 'nonsense'], /nonsense cannot be read/],
      [[file, '--since', now, '--key', file], /is no public key of a log/],
    ] as const) {
      const { code, err } = await run(t, ['audit', 'verify', ...args])
      assert.equal(code, 2)
      assert.match(err, why)
    }
  })
})

t.test('a file that is no export', async t => {
  t.test('is told to be what it is', async t => {
    const dir = testdir(t)
    for (const [bytes, why] of [
      [gzipSync('{}\n'), /is compressed: unpack it first \(gunzip\)/],
      ['place,at,actor\n1,2026,ana\n', /is no NDJSON. A CSV cannot be verified/],
      ['\ufeff{}\n', /byte order mark/],
      ['{"entries":[]}\n', /is an answer of the API/],
    ] as const) {
      const file = join(dir, 'export')
      writeFileSync(file, bytes)
      const { code, err } = await run(t, ['audit', 'verify', file])
      assert.equal(code, 2)
      assert.match(err, why)
    }
    writeFileSync(join(dir, 'empty'), '')
    const empty = await run(t, ['audit', 'verify', join(dir, 'empty')])
    assert.deepEqual([empty.code, /NOT OK .*line 1 .*cut\n {2}it is empty/.test(empty.out)], [3, true])
    const folder = await run(t, ['audit', 'verify', dir])
    assert.deepEqual([folder.code, folder.err.includes('cannot be read (EISDIR)')], [2, true])
  })
})

t.test('killswitch audit verify-proof', async t => {
  t.test('checks the proof of one entry, its line and its checkpoint', async t => {
    const { server, dir, key, lines } = await aLog(t)
    const [proof, line] = [join(dir, 'proof.json'), join(dir, 'line')]
    writeFileSync(proof, (await server.ask('viewer', 'GET', '/v1/audit/4/proof')).text)
    const accept = { headers: { accept: 'application/x-ndjson' } }
    writeFileSync(line, (await server.ask('viewer', 'GET', '/v1/audit/4', accept)).text)
    const right = await run(t, ['audit', 'verify-proof', proof, line, '--key', key])
    assert.equal(right.code, 0, right.err)
    assert.match(right.out, /^ok {2}entry 0-4 is in the log of 6 entries \(signed by killswitch\/test\//)
    for (const [wrong, why] of [
      [lines[3]!.replace('operator', 'engineer'), /this very line is not in the tree/],
      [lines[2]!, /the line is of entry 0-3/],
      ['{}', /the line is not an entry/],
    ] as const) {
      writeFileSync(line, wrong)
      const { code, json } = await run(t, ['audit', 'verify-proof', proof, line, '--json'])
      assert.deepEqual([code, json.ok], [3, false])
      assert.match(json.problem, why)
    }
    assert.equal((await run(t, ['audit', 'verify-proof', line, line])).code, 2)
  })
})
