// The process and its files: reloading, faulty files, a second process, a restart, and runbooks from elsewhere.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { newToken, sha256 } from '../../src/tokens/first-start.js'
import { FLAGS_DIR, ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

function catalogueIn(t: Teardown): { folder: string; edit: (from: string, to: string) => void } {
  const folder = testdir(t)
  cpSync(FLAGS_DIR, folder, { recursive: true })
  const file = join(folder, 'trustflow.yaml')
  const edit = (from: string, to: string) => {
    const text = readFileSync(file, 'utf8')
    assert.ok(text.includes(from), from)
    writeFileSync(file, text.replace(from, to))
  }
  return { folder, edit }
}

t.test('SIGTERM', async t => {
  t.test('ends the process with 0, after the flips under way, and a start goes on where it was', async t => {
    const service = await Service.start(t)
    const flips = Array.from({ length: 20 }, (_, i) =>
      service.kill('ai_v1', { incident: `INC-${i}`, reason: 'r' }, `k${i}`).catch(() => undefined),
    )
    await flips[0]
    // after nine seconds it would end by SIGKILL, and not with 0
    assert.equal(await service.end('SIGTERM'), 0)
    const acknowledged = (await Promise.all(flips)).filter(answer => answer?.status === 200).length
    const again = await Service.start(t, { dataDir: service.dataDir })
    const holds = (await again.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.holds.length
    assert.ok(acknowledged >= 1 && holds >= acknowledged, `${acknowledged} acknowledged, ${holds} held`)
    assert.match(again.said, /Tokens: /, 'tokens are shown at the first start only')
  })

  t.test('ends a process that a client keeps connections and a waiting request open to', async t => {
    const service = await Service.start(t)
    const waiting = service
      .ask('viewer', 'GET', '/v1/audit?order=oldest&flag=ai_v1', { headers: { prefer: 'wait=60' } })
      .catch(() => undefined)
    await service.ask('viewer', 'GET', '/v1/flags')
    assert.equal(await service.end('SIGTERM'), 0, 'it did not wait for the request, which waits for a minute')
    await waiting
  })
})

/** The reading or writing of a named pipe that nobody else has open never ends, like that of a disk that does not answer. */
t.test('SIGTERM with a disk that does not answer', { jobs: 4, timeout: 120_000 }, async t => {
  t.test(
    'ends the process while it writes its checkpoint, and loses nothing that was acknowledged',
    async t => {
      const service = await Service.start(t)
      const pipe = join(service.dataDir, 'checkpoint.json.tmp')
      execFileSync('mkfifo', [pipe])
      assert.equal((await service.kill('ai_v1', { incident: 'INC-1', reason: 'r' })).status, 200)
      assert.equal(await service.end('SIGTERM'), 'SIGKILL')
      await until(() => service.logged.includes('this process kills itself'), 'it said why')
      rmSync(pipe)
      const again = await Service.start(t, { dataDir: service.dataDir })
      assert.equal((await again.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.killed, true)
    },
  )

  t.test('ends the process when all is closed, and a file is still being read', async t => {
    const service = await Service.start(t)
    const pipe = join(service.dataDir, 'pipe')
    execFileSync('mkfifo', [pipe])
    renameSync(pipe, join(service.dataDir, 'tokens.yaml'))
    const writer = await until(() => openToWrite(join(service.dataDir, 'tokens.yaml')), 'the tokens are read')
    t.after(() => closeSync(writer))
    assert.equal(await service.end('SIGTERM'), 'SIGKILL')
    await until(() => service.logged.includes('still open: FSReqPromise'), 'it said what it waited for')
  })
})

/** Undefined until somebody reads the pipe. */
function openToWrite(pipe: string): number | undefined {
  try {
    return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined
    throw error
  }
}

t.test('a second process on the same data directory', async t => {
  t.test('is refused with a clear message, and does the first no harm', async t => {
    const first = await Service.start(t)
    const second = Service.launch(t, { dataDir: first.dataDir })
    assert.equal(await second.ended(), 1)
    assert.match(second.said, /killswitch cannot start:/)
    assert.match(second.said, new RegExp(first.dataDir))
    assert.doesNotMatch(second.said, /\n\s+at /, 'no stack trace')
    assert.equal((await first.kill('ai_v1', { incident: 'INC-1', reason: 'r' })).status, 200)
    assert.equal(await first.end('SIGTERM'), 0)
    await Service.start(t, { dataDir: first.dataDir })
  })
})

t.test('a start that cannot be', async t => {
  t.test('says in words what it lacks, and shows no stack', async t => {
    const folder = testdir(t)
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const taken = createServer().listen(0, '127.0.0.1')
    t.after(() => taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const cases: [Record<string, string>, RegExp][] = [
      [
        { KILLSWITCH_PORT: String(port) },
        new RegExp(`Port ${port} of 127.0.0.1 is in use .*KILLSWITCH_PORT`),
      ],
      [
        { KILLSWITCH_HOST: 'no.such.host.invalid' },
        /KILLSWITCH_HOST is "no.such.host.invalid", which is no address/,
      ],
      [{ KILLSWITCH_DATA_DIR: file }, /The data directory .* cannot be used .*KILLSWITCH_DATA_DIR/],
    ]
    for (const [env, said] of cases) {
      const service = Service.launch(t, { env })
      assert.equal(await service.ended(), 1)
      assert.match(service.said, said)
      assert.doesNotMatch(service.said, /\n\s+at /)
    }
  })
})

t.test('the catalogue', async t => {
  t.test(
    'is reloaded on SIGHUP; a faulty one is refused, shown on /readyz, and the old one stays',
    async t => {
      const { folder, edit } = catalogueIn(t)
      const service = await Service.start(t, { env: { KILLSWITCH_FLAGS_DIR: folder } })
      const description = async () => (await service.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.description
      edit('Everything that asks the AI gateway', 'All that asks the AI gateway')
      service.child.kill('SIGHUP')
      await until(
        async () => (await description()).startsWith('All that asks'),
        'the new catalogue is in force',
      )
      await service.kill('ai_v1', { incident: 'INC-1', reason: 'r' })

      edit('killVariant: off', 'killVariant: nowhere')
      service.child.kill('SIGHUP')
      await service.whenReadiness('catalogue-faulty')
      const degraded = await service.ask('viewer', 'GET', '/readyz')
      assert.equal(degraded.status, 200)
      assert.match(degraded.text, /trustflow\.yaml:\d+/)
      assert.ok((await description()).startsWith('All that asks'))
      assert.equal((await service.kill('kyc_v1', { incident: 'INC-1', reason: 'r' })).status, 200)

      assert.equal(await service.end('SIGTERM'), 0)
      const again = await Service.start(t, {
        dataDir: service.dataDir,
        env: { KILLSWITCH_FLAGS_DIR: folder },
      })
      await again.whenReadiness('catalogue-faulty')
      assert.equal((await again.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.killed, true)
      edit('killVariant: nowhere', 'killVariant: off')
      await again.whenReadiness(undefined)
    },
  )

  t.test('is reloaded when a file changes, and a held flag that is deleted stays killed', async t => {
    const { folder } = catalogueIn(t)
    const service = await Service.start(t, { env: { KILLSWITCH_FLAGS_DIR: folder } })
    await service.kill('inflow.llm', { incident: 'INC-1', reason: 'r' })
    const file = join(folder, 'inflow.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('inflow.llm', 'inflow.other'))
    const flag = () => service.ask('viewer', 'GET', '/v1/flags/inflow.llm')
    await until(async () => (await flag()).body.orphaned === true, 'the deleted flag is orphaned')
    assert.equal((await flag()).body.killed, true)
    assert.equal((await service.ask('viewer', 'GET', '/v1/flags/inflow.other')).status, 200)
    assert.equal((await service.restore('inflow.llm', { incident: 'INC-1' })).status, 200)
    assert.equal((await flag()).status, 404, 'released, it goes')
  })

  t.test('that is faulty stops a first start, with every fault by file and line', async t => {
    const { folder, edit } = catalogueIn(t)
    edit('killVariant: off', 'killVariant: nowhere')
    edit('owner: TrustFlow on-call', 'ovner: TrustFlow on-call')
    const service = Service.launch(t, { env: { KILLSWITCH_FLAGS_DIR: folder } })
    assert.equal(await service.ended(), 1)
    assert.ok((service.said.match(/trustflow\.yaml:\d+: /g)?.length ?? 0) >= 2, service.said)
  })
})

t.test('the tokens file', async t => {
  t.test(
    'is read again when it changes; a faulty one is refused, shown on /readyz, and the old one stays',
    async t => {
      const file = join(testdir(t), 'tokens.yaml')
      const [alice, bob] = [newToken('alice'), newToken('bob')]
      const entry = (id: string, token: string) => ({ id, role: 'operator', sha256: sha256(token) })
      writeFileSync(file, stringify([entry('alice', alice)]))
      const service = await Service.start(t, { env: { KILLSWITCH_TOKENS_FILE: file } })
      const status = async (token: string) => {
        const headers = { authorization: `Bearer ${token}` }
        return (await service.ask(undefined, 'GET', '/v1/flags', { headers })).status
      }
      assert.deepEqual([await status(alice), await status(bob)], [200, 401])
      assert.ok(!existsSync(join(service.dataDir, 'tokens')), 'no tokens are made where there is a file')

      writeFileSync(file, stringify([entry('bob', bob)]))
      await until(async () => (await status(bob)) === 200, 'the new token is known')
      assert.equal(await status(alice), 401, 'the old one is revoked')

      appendFileSync(file, '- { id: carol, role: emperor }\n')
      await service.whenReadiness('tokens-faulty')
      assert.equal(await status(bob), 200)
      writeFileSync(file, stringify([entry('alice', alice)]))
      await service.whenReadiness(undefined)
      assert.doesNotMatch(service.logged + service.said, new RegExp(`${alice}|${bob}`))
    },
  )
})

t.test('configuration', async t => {
  t.test('that is wrong is refused with everything that is, before anything is touched', async t => {
    const dataDir = join(testdir(t), 'not-made')
    const service = Service.launch(t, {
      dataDir,
      isUnrecorded: true,
      env: { KILLSWITCH_PORT: 'eighty', KILLSWITCH_LOG_LEVEL: 'loud', NODE_ENV: 'production' },
    })
    assert.equal(await service.ended(), 1)
    for (const name of ['KILLSWITCH_PORT', 'KILLSWITCH_LOG_LEVEL', 'KILLSWITCH_TOKENS_FILE'])
      assert.match(service.said, new RegExp(name))
    assert.ok(!existsSync(dataDir))
  })
})

const SHARED = process.env.KILLSWITCH_SHARED_DIR ?? join(ROOT, '../shared')
const ORIGINALS = join(SHARED, 'runbooks')

t.test(
  "the five teams' own runbooks",
  {
    skip: !existsSync(ORIGINALS) && `there is no ${ORIGINALS}`,
  },
  async t => {
    t.test('are served as they are, with the steps and severities counted by hand', async t => {
      const service = await Service.start(t, { env: { KILLSWITCH_RUNBOOKS_DIR: ORIGINALS } })
      const { body } = await service.ask('viewer', 'GET', '/v1/runbooks')
      const found = Object.fromEntries(
        body.runbooks.map((runbook: { id: string; steps: number; severities: string[] }) => [
          runbook.id,
          [runbook.steps, runbook.severities.length],
        ]),
      )
      // a few steps are judgement calls, so near is enough; severities are exact
      const counted = {
        'chat-assistant': [24, 4],
        inflow: [14, 4],
        'insurance-ai-bridge': [67, 4],
        pilot: [68, 4],
        trustflow: [26, 3],
      }
      for (const [id, [steps, severities]] of Object.entries(counted) as [string, [number, number]][]) {
        assert.ok(Math.abs(found[id][0] - steps) <= 2, `${id}: ${found[id][0]} steps, ${steps} by hand`)
        assert.equal(found[id][1], severities, id)
      }
      const source = await service.ask('viewer', 'GET', '/v1/runbooks/pilot', {
        headers: { accept: 'text/markdown' },
      })
      assert.equal(source.text, readFileSync(join(ORIGINALS, 'pilot.md'), 'utf8'))
      // names no incident: one that nobody has declared would be told in the warnings
      const kill = await service.kill('ai_v1', { step: 'trustflow/ai-instability/3' })
      assert.deepEqual([kill.body.warnings, kill.body.step.line], [[], 54])
    })
  },
)
