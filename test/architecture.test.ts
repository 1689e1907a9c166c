// The shape of the sources: imports go down only, each technology stays in its room, no file grows without end, and each
// says what it owns.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { ROOT } from './support/server.js'

type Import = { from: string; what: string; isTypeOnly: boolean; names: string }
type Source = { path: string; text: string; imports: Import[] }

const files = sourcesIn('src')
const sdk = sourcesIn('sdk/src')

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => /\.tsx?$/.test(path))
    .map(path => {
      const text = readFileSync(join(ROOT, folder, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    })
}

function importsOf(path: string, text: string): Import[] {
  const named = text.matchAll(/^(?:import|export)\s+(type\s+)?([\w$*{][^'";=()]*?)\s+from\s+'([^']+)'/gm)
  const bare = text.matchAll(/(?:^import\s+|\bimport\(\s*)'([^']+)'/gm)
  return [
    ...[...named].map(([, type, names = '', what = '']) => ({
      from: path,
      what: resolve(path, what),
      isTypeOnly: type !== undefined,
      names,
    })),
    ...[...bare].map(([, what = '']) => ({
      from: path,
      what: resolve(path, what),
      isTypeOnly: false,
      names: '',
    })),
  ]
}

function resolve(path: string, what: string): string {
  return what.startsWith('.') ? normalize(join(dirname(path), what)).replace(/\.js$/, '.ts') : what
}

/** The floor of a file: -1 the shapes of the wire and what makes text harmless, 0 the domain, 1 the adapters, 2 the service, 3 the surfaces, 4 the processes that know everybody. */
function floorOf(path: string): number {
  const [room] = path.split('/')
  if (!path.includes('/')) return 4
  return {
    wire: -1,
    text: -1,
    domain: 0,
    log: 1,
    catalogue: 1,
    tokens: 1,
    service: 2,
    fleet: 2,
    http: 3,
    console: 4,
    process: 4,
    cli: 4,
  }[room as string] as number
}
const roomOf = (path: string): string => path.split('/').slice(0, 1).join('/')
const isOurs = ({ what }: Import): boolean => what.endsWith('.ts')
const ours = files.flatMap(file => file.imports.filter(isOurs))
const packages = files.flatMap(file => file.imports.filter(each => !isOurs(each)))
const show = ({ from, what }: Import): string => `${from} -> ${what}`
const usersOf = (name: string): Import[] =>
  packages.filter(({ what }) => what === name || what.startsWith(`${name}/`))

t.test('the floors', async t => {
  t.test('are known for every file', async () => {
    for (const { path } of files) assert.ok(floorOf(path) !== undefined, `src/${path} stands on no floor`)
  })

  t.test('are left downwards only', async () => {
    const upwards = ours.filter(({ from, what }) => floorOf(from) < floorOf(what))
    assert.deepEqual(upwards.map(show), [])
  })

  t.test('keep their adapters apart: log, catalogue and tokens do not know one another', async () => {
    const across = ours.filter(
      ({ from, what }) => floorOf(from) === 1 && floorOf(what) === 1 && roomOf(from) !== roomOf(what),
    )
    assert.deepEqual(across.map(show), [])
  })

  t.test('have the wire lowest: it imports typebox alone, and its words not even that', async () => {
    const strange = packages.filter(({ from, what }) => from.startsWith('wire/') && what !== 'typebox')
    assert.deepEqual(strange.map(show), [])
    const words = files.find(({ path }) => path === 'wire/words.ts') as Source
    assert.deepEqual(words.imports.map(show), [])
  })

  t.test('have a domain that is pure: no I/O, no clock, no environment, and three packages', async () => {
    const domain = files.filter(({ path }) => path.startsWith('domain/'))
    const allowed = ['node:crypto', 'fastest-levenshtein', 'temporal-polyfill']
    const strange = packages.filter(({ from, what }) => from.startsWith('domain/') && !allowed.includes(what))
    assert.deepEqual(strange.map(show), [])
    const outside = /\bDate\.now\(|new Date\(\)|Math\.random|randomUUID|randomBytes|\bprocess\.\w/
    const impure = domain.filter(({ text }) => outside.test(text)).map(({ path }) => path)
    assert.deepEqual(impure, [])
  })
})

t.test('the rooms', async t => {
  t.test('import ioredis in store/redis only', async () => {
    assert.deepEqual(
      usersOf('ioredis')
        .filter(({ from }) => !from.startsWith('log/stores/redis/'))
        .map(show),
      [],
    )
  })

  t.test('import Fastify in http only, but for the type of its logger', async () => {
    const users = [...usersOf('fastify'), ...packages.filter(({ what }) => what.startsWith('@fastify/'))]
    const others = users.filter(({ from }) => !/^(http|console)\//.test(from))
    const isLogger = ({ from, isTypeOnly, names }: Import) =>
      /^(process\/|[^/]+$)/.test(from) && isTypeOnly && names === '{ FastifyBaseLogger }'
    assert.deepEqual(others.filter(each => !isLogger(each)).map(show), [])
  })

  t.test(
    'read the environment in config.ts, which main.ts and check.ts hand their own to, and the CLI in its settings.ts',
    async () => {
      const readers = files.filter(({ text }) => /process\.env/.test(text)).map(({ path }) => path)
      assert.deepEqual(
        readers.filter(
          path => !['check.ts', 'cli/plumbing/settings.ts', 'config.ts', 'main.ts'].includes(path),
        ),
        [],
      )
      const main = files.find(({ path }) => path === 'main.ts') as Source
      assert.equal(main.text.match(/process\.env/g)?.length, 1, 'main.ts only hands it on')
      assert.match(main.text, /readConfig\(process\.env\)/)
    },
  )

  t.test(
    'make schemas run in http only: everybody else has the types of the wire, and its words',
    async () => {
      const running = ours.filter(
        ({ from, what, isTypeOnly }) =>
          what.startsWith('wire/') && what !== 'wire/words.ts' && !isTypeOnly && !/^(wire|http)\//.test(from),
      )
      assert.deepEqual(running.map(show), [])
      assert.deepEqual(
        usersOf('typebox')
          .filter(each => !/^(wire|http)\//.test(each.from))
          .map(show),
        [],
      )
    },
  )

  t.test('say no answer twice: CLI and SDK ask for the types of the wire', async () => {
    const asks = /\b(?:get|ask)<(?!T\b)(\w+)/g
    for (const { path, text, imports } of files.filter(each => each.path.startsWith('cli/')))
      for (const [, name] of text.matchAll(asks)) {
        const from = imports.filter(({ what }) => what.startsWith('wire/'))
        assert.ok(
          from.some(({ names }) => names.includes(name as string)),
          `${path}: ${name} is not of the wire`,
        )
      }
    const sdk = readFileSync(join(ROOT, 'sdk/src/follow/wire.ts'), 'utf8')
    const found = importsOf('wire.ts', sdk).filter(({ what }) => /src\/wire\/(?!words)/.test(what))
    assert.deepEqual(
      found.map(({ isTypeOnly }) => isTypeOnly),
      [true, true, true],
      'the types of what it reads and writes',
    )
  })

  t.test(
    'let the CLI know the wire, the domain and what makes text harmless alone, but for its version and the four verbs that run a part of the server',
    async () => {
      const inside = ours.filter(
        ({ from, what }) => roomOf(from) === 'cli' && !/^(cli|domain|text|wire)\//.test(what),
      )
      assert.deepEqual(inside.map(show).sort(), [
        'cli/catalogue/check.ts -> check.ts',
        'cli/index.ts -> process/version.ts',
        'cli/log/import.ts -> process/import-log.ts',
        'cli/log/import.ts -> process/import-log.ts',
        'cli/log/rekey.ts -> process/rekey-log.ts',
        'cli/serve.ts -> main.ts',
        'cli/token.ts -> tokens/first-start.ts',
        'cli/token.ts -> tokens/tokens.ts',
      ])
    },
  )

  t.test('know no room of a test, of the SDK, or of the built output', async () => {
    assert.deepEqual(ours.filter(({ what }) => what.startsWith('..')).map(show), [])
  })
})

t.test('text that leaves', async t => {
  const callers = (pattern: RegExp, within: string): string[] =>
    files.filter(({ path, text }) => path.startsWith(within) && pattern.test(text)).map(({ path }) => path)

  t.test('has one home, which knows nothing of the service', async () => {
    assert.deepEqual(
      ours.filter(({ from, what }) => from.startsWith('text/') && !what.startsWith('text/')).map(show),
      [],
    )
    const elsewhere = callers(/\\p\{(?:Cc|Cf|DI|Cs)\}|\\u202[a-e]|\\u2066/u, '').filter(
      path => !path.startsWith('text/'),
    )
    // what comes in is held to a form there: a catalogue, and bytes that are no text
    assert.deepEqual(elsewhere.sort(), [
      'catalogue/members.ts',
      'catalogue/runbooks/markup/characters.ts',
      'catalogue/runbooks/structure/slugs.ts',
      'domain/runbook/runbook.ts',
    ])
    const writers = ['csv-stringify', 'mdast-util-to-markdown'].flatMap(usersOf).map(show)
    assert.deepEqual(
      writers.filter(each => !each.startsWith('text/')),
      [],
    )
  })

  t.test('goes to a terminal by few doors, which make it harmless', async () => {
    assert.deepEqual(callers(/process\.(?:stdout|stderr)\b/, '').sort(), [
      'check.ts',
      'cli/index.ts',
      'cli/log/export.ts',
      'cli/log/tail.ts',
      'cli/plumbing/terminal.ts',
      'main.ts',
    ])
    assert.deepEqual(callers(/console\.\w+\(/, '').sort(), [])
    assert.deepEqual(callers(/\\u001b\[\$|\\x1b/, '').sort(), ['catalogue/report.ts', 'cli/print/style.ts'])
  })

  t.test('is harmless in the CLI before anything is laid out: where an answer is read', async () => {
    const readers = callers(/\.json\(\)|JSON\.parse\(|\bfetch\(/, 'cli/').sort()
    assert.deepEqual(readers, [
      'cli/client/client.ts',
      'cli/client/look.ts',
      'cli/client/relay.ts',
      'cli/log/cursor-file.ts',
      'cli/log/verify-proof.ts',
      'cli/log/witness-state.ts',
      'cli/log/witness.ts',
    ])
    for (const path of ['cli/client/client.ts', 'cli/client/look.ts', 'cli/log/verify-proof.ts'])
      assert.match(files.find(each => each.path === path)?.text ?? '', /visibleIn\(/, path)
  })

  t.test('is built of nodes where it is Markdown: no HTML, link or image is among them', async () => {
    assert.deepEqual(
      callers(/type: '(?:html|link|image|linkReference|imageReference|definition)'/, 'text/'),
      [],
    )
    assert.deepEqual(callers(/type: '(?:html|link|image)'/, 'domain/'), [])
  })
})

t.test('the log', async t => {
  const DOORS = ['log/submit.ts', 'log/subscribe.ts', 'log/state.ts']
  /** Each room may know those before it. */
  const ROOMS = [
    'stores',
    'journal',
    'index',
    'signing',
    'follow',
    'proof',
    'gate',
    'provisional',
    'recovery',
    'doors',
  ]
  const innerRoomOf = (path: string): number => ROOMS.indexOf(path.split('/')[1] as string)
  const within = ours.filter(({ from }) => from.startsWith('log/'))
  const fromOutside = ours.filter(({ from, what }) => !from.startsWith('log/') && what.startsWith('log/'))

  t.test('is known outside by its three doors, as types alone', async () => {
    const others = fromOutside.filter(({ what }) => what !== 'log/open-log.ts')
    assert.ok(others.length > 0)
    assert.deepEqual(
      others.filter(({ what, isTypeOnly }) => !DOORS.includes(what) || !isTypeOnly).map(show),
      [],
    )
  })

  t.test(
    'is opened by the server, and by who imports a log or replaces its key, and by nobody else',
    async () => {
      const openers = fromOutside.filter(({ what, isTypeOnly }) => what === 'log/open-log.ts' && !isTypeOnly)
      assert.deepEqual(openers.map(({ from }) => from).sort(), [
        'config.ts',
        'process/import-log.ts',
        'process/rekey-log.ts',
        'server.ts',
      ])
      const config = openers.find(({ from }) => from === 'config.ts') as Import
      assert.equal(config.names, '{ parseTarget }', 'the configuration only reads an address')
      const behind = files.filter(
        ({ path, text }) => !path.startsWith('log/') && /\bopened\.parts\b/.test(text),
      )
      assert.deepEqual(
        behind.map(({ path }) => path),
        [],
        'the parts behind the doors are for tests',
      )
    },
  )

  t.test('has rooms that know only those before them', async () => {
    const strange = within.filter(({ from, what }) => {
      const [own, other] = [innerRoomOf(from), innerRoomOf(what)]
      return from.split('/').length > 2 && other >= 0 && other > own
    })
    assert.deepEqual(strange.map(show), [])
    const apart = within.filter(
      ({ from, what }) => from.startsWith('log/stores/') && what.startsWith('log/journal/'),
    )
    assert.deepEqual(apart.map(show), [])
    const unknown = within.filter(({ from }) => from.split('/').length > 2 && innerRoomOf(from) < 0)
    assert.deepEqual(unknown.map(show), [])
  })

  t.test('hands the doors nothing from inside but types', async () => {
    const doors = within.filter(({ from }) => DOORS.includes(from))
    assert.deepEqual(doors.filter(({ isTypeOnly }) => !isTypeOnly).map(show), [])
  })
})

/** What the SDK has of Node, and where: all else in it runs wherever JavaScript does. */
const NODE_IN_SDK: Record<string, string[]> = {
  'answer/force.ts': ['node:fs'],
  'answer/signals.ts': ['node:events'],
  'guard.ts': ['node:http'],
  'keep/bootstrap.ts': ['node:fs'],
  'keep/cache.ts': ['node:crypto'],
  'keep/own-files.ts': ['node:crypto', 'node:fs', 'node:fs/promises', 'node:path'],
  'options.ts': ['node:cluster', 'node:crypto', 'node:os', 'node:path', 'node:worker_threads'],
  'prove/owner.ts': ['node:fs', 'node:os', 'node:worker_threads'],
  'prove/session-files.ts': ['node:crypto', 'node:fs', 'node:fs/promises', 'node:path'],
  'prove/session.ts': ['node:crypto'],
}
/** The files of the service that are packed into the SDK, with all that they import. */
const SHARED = [
  'domain/catalogue/near-key.ts',
  'domain/errors.ts',
  'domain/fleet/receipt.ts',
  'domain/log/audit.ts',
  'domain/log/checkpoint.ts',
  'domain/log/cosignature.ts',
  'domain/log/key-changes.ts',
  'domain/log/merkle.ts',
  'domain/log/note.ts',
  'domain/log/signature.ts',
  'wire/words.ts',
]

t.test('the SDK', async t => {
  const imports = sdk.flatMap(file => file.imports)
  const outside = imports.filter(each => isOurs(each) && each.what.startsWith('..'))
  const foreign = imports.filter(each => !isOurs(each))

  t.test('shares the named files of the domain with the service, and no other', async () => {
    const pending = outside.filter(each => !each.isTypeOnly).map(({ what }) => what.replace('../../src/', ''))
    const shared = new Set<string>()
    for (const path of pending) {
      if (shared.has(path)) continue
      shared.add(path)
      const within = files.find(file => file.path === path)?.imports ?? []
      pending.push(...within.filter(each => isOurs(each) && !each.isTypeOnly).map(({ what }) => what))
    }
    assert.deepEqual([...shared].sort(), SHARED)
    const packaged = packages.filter(({ from, isTypeOnly }) => shared.has(from) && !isTypeOnly)
    assert.deepEqual(packaged.filter(({ what }) => !what.startsWith('node:')).map(show), [])
  })

  t.test('uses Node where it is stated, and no package but those that it depends on', async () => {
    const used: Record<string, string[]> = {}
    for (const { from, what } of foreign.filter(({ what }) => what.startsWith('node:')))
      used[from] = [...(used[from] ?? []), what].sort()
    assert.deepEqual(used, NODE_IN_SDK)
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'sdk/package.json'), 'utf8'),
    )
    const known = Object.keys({ ...dependencies, ...peerDependencies })
    const strange = foreign.filter(({ what }) => !what.startsWith('node:') && !known.includes(what))
    assert.deepEqual(strange.map(show), [])
  })
})

t.test('each file', async t => {
  const all = [
    ...files.map(({ path, text }) => ({ path: `src/${path}`, text })),
    ...sdk.map(({ path, text }) => ({ path: `sdk/src/${path}`, text })),
  ]
  for (const { path, text } of all) {
    t.test(`${path} begins by saying what it owns, and has at most 300 lines`, async () => {
      assert.match(text, /^(?:#!.*\n)?(?:\/\/ \S|\/\*\* \S)/, 'the first line is not a comment')
      const lines = text.split('\n').length - 1
      assert.ok(lines <= 300, `${lines} lines: split it`)
    })
  }
})
