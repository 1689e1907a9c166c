// The pages of docs/, run and held to what they speak of. Their `bash` blocks run in one shell on one service, as a person has
// it; a `json` block below is what the last line answers: every member that is shown there.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import GithubSlugger from 'github-slugger'
import t from 'tap'
import { VARIABLES } from '../../src/config.js'
import { STATUS } from '../../src/http/plumbing/errors.js'
import { Tokens } from '../../src/tokens/tokens.js'
import { MEANINGS } from '../../src/wire/problem.js'
import { APARTS, ERROR_CODES, PROOF_LIMITS, WARNING_CODES } from '../../src/wire/words.js'
import { ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { testdir } from '../support/testdir.js'
import { conditionCodes } from './condition-codes.js'
import { blocksOf, commandsIn, PAGES, read, TASKS } from './pages.js'
import { assertShown, bash } from './shell.js'

/** As `npm link` puts it on the PATH. */
const CLI = join(ROOT, '.build/src/cli/index.js')
const KILLSWITCH = `killswitch() { '${process.execPath}' '${CLI}' "$@"; }\n`

/** In the order in which one leads to the next: what one has done, the next one shows. */
const RUN = ['incident', 'audit', 'api', 'other-languages'].map(name => `docs/${name}.md`)
/** Its blocks make files, and are run below. */
const PRODUCTION = 'docs/production.md'

t.test('the commands of the pages', async t => {
  const service = Service.start(t)
  let exported = ''
  for (const page of RUN) {
    const blocks = blocksOf(read(page))
    for (const [index, { section, language, text }] of blocks.entries()) {
      if (language !== 'bash') continue
      const answer = blocks[index + 1]?.language === 'json' ? blocks[index + 1]?.text : undefined
      t.test(`${page}, ${section}: ${text.split('\n')[0]?.slice(0, 60)}`, async t => {
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
        const refused = /"status":(400|401|404|415|500)/.exec(printed)?.[1]
        if (refused !== undefined) assert.ok(answer?.includes(`"status": ${refused}`), printed)
        if (answer !== undefined)
          assertShown(JSON.parse(printed.trimEnd().split('\n').at(-1) ?? ''), JSON.parse(answer), 'answer')
      })
    }
  }

  t.test('are all run', async () => {
    const withBash = TASKS.filter(page => blocksOf(read(page)).some(({ language }) => language === 'bash'))
    assert.deepEqual([...withBash].sort(), [...RUN, PRODUCTION].sort())
  })

  t.test('know every filter of the log, and no other', async () => {
    const { address } = await service
    const { paths } = (await (await fetch(`${address}/openapi.json`)).json()) as {
      paths: Record<string, { get: { parameters: { name: string; in: string }[] } }>
    }
    const parameters = paths['/v1/audit']?.get.parameters.filter(each => each.in === 'query') ?? []
    const filters = parameters
      .map(({ name }) => name)
      .filter(name => !['order', 'limit', 'cursor'].includes(name))
    const [, listed = ''] = /Filters combine: `([^`]+)`/.exec(read('docs/audit.md')) ?? []
    assert.deepEqual(listed.split(' ').sort(), filters.sort())
  })

  t.test('name verbs that are there', async () => {
    const verbsOf = (...of: string[]): Set<string> => {
      const { stdout } = spawnSync(process.execPath, [CLI, ...of, '--help'], { encoding: 'utf8' })
      return new Set([...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?= )/gm)].map(([, verb = '']) => verb))
    }
    const verbs = verbsOf()
    assert.ok(verbs.has('kill') && verbs.has('audit'))
    const groups = new Map(['incident', 'audit', 'token'].map(group => [group, verbsOf(group)]))
    assert.ok(PAGES.flatMap(page => commandsIn(read(page))).length > 40)
    for (const page of PAGES) {
      for (const command of commandsIn(read(page))) {
        const [, verb = '', sub = ''] = command.split(/[\s(]+/)
        assert.ok(verbs.has(verb), `${page}: ${command}`)
        if (/^[a-z-]+$/.test(sub)) assert.ok(groups.get(verb)?.has(sub) ?? true, `${page}: ${command}`)
      }
    }
  })
})

t.test('the table of settings is the one that --help prints', async () => {
  const rows = [...read(PRODUCTION).matchAll(/^\| `(KILLSWITCH_\w+)` \| (.*) \| (.*) \|$/gm)]
  assert.deepEqual(
    rows.map(([, name, fallback, about]) => ({
      name,
      default: fallback,
      about: about?.replaceAll('&lt;', '<'),
    })),
    VARIABLES,
  )
  const help = spawnSync(process.execPath, [join(ROOT, '.build/src/main.js'), '--help'], { encoding: 'utf8' })
  for (const { name, default: fallback, about } of VARIABLES)
    for (const text of [name, fallback, about]) assert.ok(help.stdout.includes(text), text)
})

t.test('tokens are made by the lines there, in a file that the service reads', async t => {
  const folder = testdir(t)
  const blocks = blocksOf(read(PRODUCTION)).filter(({ language }) => language === 'bash')
  const [made, docker, ...more] = blocks
  assert.equal(more.length, 0)
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
  bash(docker?.text ?? '', folder)
  assert.ok(statSync(join(folder, 'deploy/secrets/tokens.yaml')).isFile())
  assert.match(readFileSync(join(folder, '.env'), 'utf8'), /^KILLSWITCH_REDIS_PASSWORD=[0-9a-f]{64}$/m)
})

t.test('troubleshooting says of every code what to do', async t => {
  const page = read('docs/troubleshooting.md')
  /** The rows of the table under a heading, without their marks. */
  const rowsOf = (heading: string): string[][] => {
    const [, part = ''] = page.split(`## ${heading}\n`)
    const rows = part.split('\n## ')[0]?.matchAll(/^\| (`.*) \|$/gm) ?? []
    return [...rows].map(([, row = '']) => row.split(' | '))
  }
  const codesOf = (heading: string): string[] =>
    rowsOf(heading).map(([code = '', ...cells]) => {
      for (const cell of cells) assert.match(cell, /\S/, code)
      return code.replaceAll('`', '')
    })

  t.test('of problems, with the status and the meaning that they have', async () => {
    assert.deepEqual(codesOf('Codes of problems'), ERROR_CODES)
    for (const [code = '', status, meaning] of rowsOf('Codes of problems')) {
      const name = code.replaceAll('`', '') as keyof typeof STATUS
      assert.deepEqual([status, meaning], [String(STATUS[name]), MEANINGS[name]], name)
    }
  })

  t.test('of warnings, of what limits a proof, and of apps apart', async () => {
    assert.deepEqual(codesOf('Codes of warnings'), WARNING_CODES)
    assert.deepEqual(codesOf('Why a kill is not confirmed').sort(), [...PROOF_LIMITS].sort())
    assert.deepEqual(codesOf('Apps that stand apart'), APARTS)
  })

  t.test('of /readyz', async () => {
    assert.deepEqual(codesOf('Codes of `/readyz`').sort(), conditionCodes())
  })
})

t.test('every page links to what is there', async t => {
  const anchorsOf = (path: string): Set<string> => {
    const slugger = new GithubSlugger()
    const headings = read(path)
      .replace(/^```[\s\S]*?^```$/gm, '')
      .matchAll(/^#{1,6} (.*)$/gm)
    return new Set([...headings].map(([, heading = '']) => slugger.slug(heading.replaceAll('`', ''))))
  }
  for (const path of PAGES) {
    t.test(path, async () => {
      for (const [, to = '', anchor] of read(path).matchAll(/\]\(([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
        if (to.includes('://')) continue
        const file = to === '' ? path : normalize(join(dirname(path), to))
        assert.ok(statSync(join(ROOT, file)), file)
        if (anchor !== undefined) assert.ok(anchorsOf(file).has(anchor), `${file}#${anchor}`)
      }
    })
  }
})

t.test('no page names a source that is not there', async () => {
  const sources = ['src', 'sdk', 'test', 'scripts', 'deploy'].flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(file => `/${folder}/${file}`),
  )
  for (const page of PAGES)
    for (const [, named = ''] of read(page).matchAll(/`([\w/.-]+\.(?:ts|mjs|lua|sh|acl))`/g))
      assert.ok(
        sources.some(source => source.endsWith(`/${named}`)),
        `${page}: ${named}`,
      )
})

t.test('there is one version', async t => {
  const { version } = JSON.parse(read('package.json'))
  const service = await Service.start(t)
  const document = (await (await fetch(`${service.address}/openapi.json`)).json()) as {
    info: { version: string }
  }
  assert.deepEqual([JSON.parse(read('sdk/package.json')).version, document.info.version], [version, version])
  assert.ok(read('sdk/README.md').includes(`-${version}.tgz`))
  assert.ok(read('CHANGELOG.md').includes(`\n## ${version}\n`))
})
