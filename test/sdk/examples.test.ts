// The example: three real processes against the service, killed, cut off, and come up again from their caches.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { ensureBuilt, root } from './built.js'
import { LiveService } from './live-service.js'

type Line = { instance: string; said: string }

/** What an app says when it is up. */
const UP = /runs as process (\d+) at http:\/\/127\.0\.0\.1:(\d+): (.*), as known from (.*)$/
const upIn = ({ instance, said }: Line) => {
  const [, pid, port, flags, from] = UP.exec(said) ?? []
  return { instance, pid: Number(pid), port: Number(port), flags, from }
}
type Up = ReturnType<typeof upIn>
const areUp = (lines: Line[]) => lines.filter(({ said }) => UP.test(said))

/** The script's lines, by instance, as they come. */
class Started {
  readonly lines: Line[] = []
  readonly child: ChildProcess
  private waiting: (() => void)[] = []

  constructor(t: Test, script: string, env: Record<string, string>) {
    this.child = spawn(process.execPath, [join(root, 'sdk/examples', script)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, FIRST_PORT: '0', ...env },
    })
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', text => {
      const [instance = '', said = ''] = text.split('  ')
      this.lines.push({ instance, said })
      for (const wake of this.waiting.splice(0)) wake()
    })
    const ended = once(this.child, 'exit')
    t.after(async () => {
      this.child.kill('SIGTERM')
      // it writes into its folder until then
      await ended
    })
  }

  async until(test: (lines: Line[]) => boolean): Promise<Line[]> {
    while (!test(this.lines)) await new Promise<void>(resolve => this.waiting.push(resolve))
    return this.lines
  }
}

const ask = async (port: number, path: string, method = 'POST') => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

t.test(
  'three instances: killed together, in-flight work aborted, cut off killed, up again killed',
  async t => {
    ensureBuilt()
    const folder = mkdtempSync(join(tmpdir(), 'ks-example-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const service = new LiveService()
    service.define('ai_v1')
    service.define('kyc_v1')
    const url = await service.start()
    t.after(() => service.stop())
    const env = {
      KILLSWITCH_URL: url,
      KILLSWITCH_TOKEN: 'secret',
      EXAMPLE_CACHE_DIR: folder,
      MODEL_MS: '60000',
      KILLSWITCH_INIT_TIMEOUT_MS: '60000',
    }

    const three = new Started(t, 'three.mjs', env)
    const apps = areUp(await three.until(lines => areUp(lines).length === 3)).map(upIn)
    for (const { flags, from } of apps)
      assert.deepEqual([flags, from], ['ai_v1 is on, kyc_v1 is on', 'the service'])
    await service.until(() => service.connected === 3)
    assert.equal((await ask(apps[0]?.port ?? 0, '/kyc/documents')).status, 201)

    const flying = apps.map(({ port }) => ask(port, '/ai/answer'))
    await service.until(() => new Set(service.receipts.map(({ instance }) => instance)).size === 3)
    // answered on the same connection order or not, each app has begun its call when it answers another request
    await Promise.all(apps.map(({ port }) => ask(port, '/state', 'GET')))
    service.kill('ai_v1', { incident: 'INC-1' })
    for (const { status, body } of await Promise.all(flying))
      assert.deepEqual([status, body.code], [503, 'killed'])
    const proved = () =>
      new Set(service.receipts.filter(({ revision }) => revision === 2).map(({ instance }) => instance))
    await service.until(() => proved().size === 3)
    assert.deepEqual([...proved()].sort(), ['pod-1', 'pod-2', 'pod-3'])

    const killed = (said: string) =>
      said === 'ai_v1 was KILLED (INC-1): POST /ai/answer is refused with 503; answers stopped half-way: 1'
    await three.until(lines => lines.filter(({ said }) => killed(said)).length === 3)

    const [survivor, , victim] = apps as [Up, Up, Up]
    process.kill(victim.pid, 'SIGKILL')
    await three.until(lines =>
      lines.some(({ said, instance }) => said === 'was ended by SIGKILL' && instance === victim.instance),
    )
    assert.ok(!service.receipts.some(({ instance, closing }) => instance === victim.instance && closing))

    await service.stop()
    assert.equal((await ask(survivor.port, '/ai/answer')).status, 503)

    const again = new Started(t, 'app.mjs', {
      ...env,
      KILLSWITCH_INSTANCE: 'pod-3',
      KILLSWITCH_CACHE_FILE: join(folder, `${victim.instance}.json`),
    })
    const [back] = areUp(await again.until(lines => areUp(lines).length === 1)).map(upIn) as [Up]
    assert.deepEqual([back.flags, back.from], ['ai_v1 is OFF, kyc_v1 is on', 'its cache file'])
    assert.equal((await ask(back.port, '/ai/answer')).status, 503)
    const { body } = await ask(back.port, '/state', 'GET')
    assert.equal((body.flags as Record<string, { reason: string }>).ai_v1?.reason, 'STALE')
  },
)
