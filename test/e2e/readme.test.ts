// The README's own commands, run as they stand: only the address and the data directory are a test's. A `json` block below
// a `bash` block is what the last of its lines answers: every member that is shown there.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { VARIABLES } from '../../src/config.js'
import { Tokens } from '../../src/tokens/tokens.js'
import { freePort } from '../support/redis.js'
import { ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { testdir } from '../support/testdir.js'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

type Block = { section: string; language: string; text: string }

/** The fenced blocks, each with the heading it stands under. */
function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let section = ''
  for (const [, heading, language, text] of markdown.matchAll(/^#{2,3} (.*)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (heading === undefined) blocks.push({ section, language: language ?? '', text: text ?? '' })
    else section = heading
  }
  return blocks
}

const blocks = blocksOf(README)
const part = (from: string, to: string): string => README.slice(README.indexOf(from), README.indexOf(to))
const npm = (...args: string[]): string[] => ['npm', '--no-update-notifier', '--no-fund', ...args]

/** What `npm start` and `npm run build` make is shared: so all that runs them stands in this file. */
const startAsReadmeSays = async (
  t: { after: (end: () => Promise<void>) => void },
  env = {},
): Promise<Service> => {
  const port = await freePort()
  return Service.start(t, { command: npm('start'), env: { KILLSWITCH_PORT: String(port), ...env } })
}

t.test('the two commands a newcomer begins with', async t => {
  t.test('are the ones that stand there', async () => {
    assert.match(README, /^ {4}npm ci && npm start /m)
    assert.match(README, /^ {4}npm ci && npm test /m)
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    for (const [, script = ''] of README.matchAll(/npm run ([a-z]+)/g)) assert.ok(scripts[script], script)
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

/** As `npm link` puts it on the PATH. */
const KILLSWITCH = `killswitch() { '${process.execPath}' '${join(ROOT, '.build/src/cli/index.js')}' "$@"; }\n`

/** Runs a script; throws with what it said when a line of it fails. */
function bash(script: string, cwd = ROOT): string {
  const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    encoding: 'utf8',
    timeout: 600_000,
  })
  assert.equal(ran.status, 0, `${script}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

/** Every member of `shown` is in `actual`; lists have the same length. */
function assertShown(actual: unknown, shown: unknown, path: string): void {
  if (typeof shown !== 'object' || shown === null) {
    assert.deepEqual(actual, shown, path)
    return
  }
  assert.ok(typeof actual === 'object' && actual !== null, `${path} is ${JSON.stringify(actual)}`)
  if (Array.isArray(shown))
    assert.equal((actual as unknown[]).length, shown.length, `${path}: ${JSON.stringify(actual)}`)
  for (const [name, value] of Object.entries(shown))
    assertShown((actual as Record<string, unknown>)[name], value, `${path}.${name}`)
}

t.test('Operate it in an incident', async t => {
  const service = Service.start(t)
  // one shell for all of it, as a person has; the answers of each block go to a file of their own
  let exported = ''
  const operating = blocksOf(part('## Operate it in an incident', '## Develop it'))
  for (const [index, { section, language, text }] of operating.entries()) {
    if (language !== 'bash') continue
    const answer = operating[index + 1]?.language === 'json' ? operating[index + 1]?.text : undefined
    t.test(`${section}, block ${index + 1}: ${text.split('\n')[0]?.slice(0, 60)}`, async t => {
      const { address, dataDir } = await service
      const here = text
        .replaceAll('http://127.0.0.1:8080', address)
        .replaceAll('data/tokens', join(dataDir, 'tokens'))
      if (here.startsWith('export ')) {
        exported += here
        bash(exported)
        return
      }
      const lines = here.trimEnd().split('\n')
      const last = lines.pop() as string
      const printed = bash(
        `${KILLSWITCH}${exported}${lines.map(line => `${line}\necho`).join('\n')}\n${last}`,
        testdir(t),
      )
      assert.doesNotMatch(printed, /"status":(400|401|404|415|500)/, printed)
      if (answer !== undefined)
        assertShown(JSON.parse(printed.trimEnd().split('\n').at(-1) ?? ''), JSON.parse(answer), 'answer')
    })
  }

  t.test('knows every filter of the log, and no other', async () => {
    const { address } = await service
    const { paths } = (await (await fetch(`${address}/openapi.json`)).json()) as {
      paths: Record<string, { get: { parameters: { name: string; in: string }[] } }>
    }
    const parameters = paths['/v1/audit']?.get.parameters.filter(each => each.in === 'query') ?? []
    const filters = parameters
      .map(({ name }) => name)
      .filter(name => !['order', 'limit', 'cursor'].includes(name))
    const [, listed = ''] = /Filters combine: `([^`]+)`/.exec(README) ?? []
    assert.deepEqual(listed.split(' ').sort(), filters.sort())
  })
})

t.test('Configuration', async t => {
  t.test('is the table that --help prints', async () => {
    const rows = [...part('### Configuration', '### Tokens').matchAll(/^\| `(\w+)` \| (.*) \| (.*) \|$/gm)]
    assert.deepEqual(
      rows.map(([, name, fallback, about]) => ({
        name,
        default: fallback,
        about: about?.replaceAll('&lt;', '<'),
      })),
      VARIABLES,
    )
    const help = spawnSync(process.execPath, [join(ROOT, '.build/src/main.js'), '--help'], {
      encoding: 'utf8',
    })
    for (const { name, default: fallback, about } of VARIABLES)
      for (const text of [name, fallback, about]) assert.ok(help.stdout.includes(text), text)
  })
})

t.test('Tokens', async t => {
  t.test('are made by the lines there, in a file that the service reads', async t => {
    const folder = testdir(t)
    const [made] = blocks.filter(({ section, language }) => section === 'Tokens' && language === 'bash')
    const printed = bash(`${made?.text}echo "$OPERATOR"; echo "$ENGINEER"`, folder)
    const tokens = await Tokens.read(join(folder, 'tokens.yaml'))
    const actors = printed
      .trim()
      .split('\n')
      .map(token => tokens.identify(token, Date.now()))
      .map(found => found.outcome === 'known' && [found.actor.id, found.actor.role])
    assert.deepEqual(actors, [
      ['alice', 'operator'],
      ['ben', 'engineer'],
    ])
    const docker = blocks.find(({ section, language }) => section === 'In production' && language === 'bash')
    bash(docker?.text ?? '', folder)
    assert.ok(statSync(join(folder, 'deploy/secrets/tokens.yaml')).isFile())
    assert.match(readFileSync(join(folder, '.env'), 'utf8'), /^KILLSWITCH_REDIS_PASSWORD=[0-9a-f]{64}$/m)
  })
})

t.test('every README', async t => {
  const ours = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(found => {
      const path = join(folder, found.name)
      if (found.isDirectory()) return /^(node_modules|dist|data|\.)/.test(found.name) ? [] : ours(path)
      return found.name === 'README.md' ? [path] : []
    })

  for (const path of ours('.')) {
    t.test(`${path} links to what is there`, async () => {
      for (const [, to = ''] of readFileSync(join(ROOT, path), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g))
        if (!to.includes('://')) assert.ok(statSync(join(ROOT, dirname(path), to)), to)
    })
  }
})
