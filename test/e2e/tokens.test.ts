// Credentials of a running process: revoked within a second, and the sealed one where the file cannot be read.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PROGRAM } from '../cli/cli.js'
import { Service } from '../support/service.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

t.test('a token that is taken out of the file is refused without a restart', async t => {
  const service = await Service.start(t)
  assert.equal((await service.ask('viewer', 'GET', '/v1/flags')).status, 200)
  const file = join(service.dataDir, 'tokens.yaml')
  const without = readFileSync(file, 'utf8').replaceAll(/^- id: shared-viewer\n(?: .*\n)*/gm, '')
  writeFileSync(file, without)
  const fromMs = performance.now()
  await until(async () => (await service.ask('viewer', 'GET', '/v1/flags')).status === 401, 'it is refused')
  const spentMs = performance.now() - fromMs
  t.comment(`refused after ${Math.round(spentMs)} ms`)
  assert.equal((await service.ask('operator', 'GET', '/v1/flags')).status, 200)
})

t.test('the sealed credential kills though the tokens file cannot be read, and the log names it', async t => {
  const secret = 'ks_break-glass_sealed'
  const env = {
    KILLSWITCH_TOKENS_FILE: join(testdir(t), 'gone.yaml'),
    KILLSWITCH_BREAK_GLASS_SHA256: createHash('sha256').update(secret).digest('hex'),
  }
  const service = await Service.start(t, { env })
  const headers = { authorization: `Bearer ${secret}` }
  const kill = await service.ask(undefined, 'POST', '/v1/flags/ai_v1/kill', {
    headers,
    body: { reason: 'r' },
  })
  assert.deepEqual([kill.status, kill.body.killed, kill.body.actor.id], [200, true, 'break-glass'], kill.text)
  const restore = await service.ask(undefined, 'POST', '/v1/flags/ai_v1/restore', {
    headers,
    body: { reason: 'r', all: true },
  })
  assert.equal(restore.status, 403)
  await service.whenReadiness('tokens-faulty')
  assert.match(service.logged, /sealed credential alone/)
})

t.test(
  'a file with a reserved id is taken by a start without it, refused by a reload and by check',
  async t => {
    const file = join(testdir(t), 'tokens.yaml')
    const [ana, glass] = ['ks_ana_secret', 'ks_glass_secret']
    const sha256 = (token: string) => createHash('sha256').update(token).digest('hex')
    const old = [
      `- { id: ana, role: operator, sha256: ${sha256(ana)} }`,
      `- { id: break-glass, role: owner, sha256: ${sha256(glass)} }`,
    ]
    const ben = `- { id: ben, role: operator, sha256: ${sha256('ks_ben_secret')} }`
    const write = (lines: (string | undefined)[]) => writeFileSync(file, lines.join('\n'), { mode: 0o600 })
    write(old)
    const service = await Service.start(t, { env: { KILLSWITCH_TOKENS_FILE: file } })
    const kill = (token: string) =>
      service.ask(undefined, 'POST', '/v1/flags/ai_v1/kill', {
        headers: { authorization: `Bearer ${token}` },
        body: { reason: 'r' },
      })
    assert.deepEqual([(await kill(ana)).status, (await kill(glass)).status], [200, 401])
    await service.whenReadiness('tokens-faulty')
    assert.match(service.logged, /tokens\.yaml:2.*id \\"break-glass\\" is reserved/)

    write([...old, ben])
    await until(() => /The tokens before it stay in force/.test(service.logged), 'the reload is refused')
    assert.deepEqual([(await kill(ana)).status, (await kill('ks_ben_secret')).status], [200, 401])
    const env = { PATH: process.env.PATH ?? '', KILLSWITCH_TOKENS_FILE: file }
    const checked = spawnSync(process.execPath, [PROGRAM, 'check'], { encoding: 'utf8', env })
    assert.deepEqual(
      [checked.status, /tokens\.yaml:2.*reserved/.test(checked.stdout)],
      [1, true],
      checked.stdout,
    )

    write([old[0], ben])
    await service.whenReadiness(undefined)
    assert.equal((await kill('ks_ben_secret')).status, 200)
  },
)

t.test('a start warns of a tokens file that others may change, and starts', async t => {
  const file = join(testdir(t), 'tokens.yaml')
  writeFileSync(file, '[]\n')
  chmodSync(file, 0o664)
  const service = await Service.start(t, { env: { KILLSWITCH_TOKENS_FILE: file } })
  await until(
    () => /has mode 0664: others may change it\. Run: chmod go-w/.test(service.logged),
    'the warning',
  )
})
