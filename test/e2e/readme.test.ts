// The README's own commands, run as they stand: only the address, the ports and the data directory are a test's.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { freePort } from '../support/redis.js'
import { ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { until } from '../support/until.js'
import { blocksOf, PAGES, read } from './pages.js'
import { bash } from './shell.js'

const README = read('README.md')
const npm = (...args: string[]): string[] => ['npm', '--no-update-notifier', '--no-fund', ...args]

type Teardown = { after: (end: () => Promise<void>) => void }

/** What `npm start` and `npm run build` make is shared: so all that runs them stands in this file. */
const startAsReadmeSays = async (t: Teardown, env = {}): Promise<Service> => {
  const port = await freePort()
  return Service.start(t, {
    command: npm('start'),
    env: { KILLSWITCH_PORT: String(port), ...env },
    isUnrecorded: true,
  })
}

t.test('the two commands a newcomer begins with', async t => {
  t.test('are the ones that stand there', async () => {
    assert.match(README, /^ {4}npm ci && npm start /m)
    assert.match(README, /^ {4}npm ci && npm test /m)
  })

  t.test('no page names a script that is not there', async () => {
    const { scripts } = JSON.parse(read('package.json'))
    for (const page of PAGES)
      for (const [, script = ''] of read(page).matchAll(/npm run ([a-z]+)/g))
        assert.ok(scripts[script], `${page}: npm run ${script}`)
  })

  t.test('the README is one that is read to its end', async () => {
    assert.ok(README.split('\n').length <= 150)
  })
})

/** The block that starts the example apps, as a terminal of its own; ends with the test. */
function runExample(t: Teardown, script: string, service: Service): { said: () => string } {
  const env = {
    ...process.env,
    KILLSWITCH_URL: service.address,
    KILLSWITCH_DATA_DIR: service.dataDir,
    FIRST_PORT: '0',
  }
  const child: ChildProcess = spawn('bash', ['-c', `exec ${script}`], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', text => {
      said += text
    })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  return { said: () => said }
}

t.test('A proven kill on three apps', async t => {
  const service = await startAsReadmeSays(t)
  const blocks = blocksOf(README).filter(({ section }) => section === 'A proven kill on three apps')
  const [example, kill, more] = blocks.map(({ text }) => text) as [string, string, string]
  assert.equal(blocks.length, 3)
  const { said } = runExample(t, example, service)
  const times = (text: string) => said().split(text).length - 1
  await until(async () => times('runs as process') === 3, 'the apps run', 120_000)
  const port = /pod-1 {2}runs as process \d+ at http:\/\/127\.0\.0\.1:(\d+)/.exec(said())?.[1] ?? ''
  const here = (text: string) =>
    `export KILLSWITCH_URL=${service.address}\n${text.replaceAll('data/', `${service.dataDir}/`).replace('3001', port)}`

  t.test('the kill and the restore are proved, and the apps say what they did', async () => {
    const printed = bash(here(kill))
    assert.equal(printed.split('3/3 confirmed by trustflow').length - 1 >= 2, true, printed)
    await until(async () => times('ai_v1 was KILLED (INC-42)') === 3, 'the apps say that it was killed')
    await until(async () => times('ai_v1 was RESTORED') === 3, 'the apps say that it was restored')
  })

  t.test('what is tried then works', async () => {
    const token = kill.split('\n').filter(line => line.startsWith('export '))
    const printed = bash(here([...token, more].join('\n')))
    for (const shown of ['An answer to:', 'Declared INC-42', 'pod-3', 'one unbroken chain'])
      assert.ok(printed.includes(shown), `${shown}:\n${printed}`)
  })
})

t.test('npm start', async t => {
  t.test('prints lines that can be pasted: kill, show, query, restore', async t => {
    const service = await startAsReadmeSays(t)
    const lines = service.said.split('\n').filter(line => /^ {2}(export|curl) /.test(line))
    assert.equal(lines.length, 6, service.said)
    const answers = bash(lines.join('\necho\n'))
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
    const [killed, flag, audit, restored] = answers
    assert.deepEqual([killed.changed, killed.offRunbook], [true, false])
    assert.deepEqual(
      killed.warnings.map((warning: { code: string }) => warning.code),
      ['unknown-incident'],
      'killed first: nobody has declared the incident yet, and no other paperwork is missing',
    )
    assert.deepEqual([flag.killed, audit.entries[0].action, restored.killed], [true, 'kill', false])
  })

  t.test('stops cleanly when npm gets a signal: exit code 0, and no orphan', async t => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const service = await startAsReadmeSays(t)
      assert.equal(await service.end(signal), 0, signal)
      await assert.rejects(fetch(`${service.address}/livez`), signal)
      const again = await Service.start(t, { dataDir: service.dataDir })
      assert.equal(await again.end('SIGTERM'), 0, 'nobody holds the data directory')
    }
  })
})
