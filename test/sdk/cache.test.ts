// The cache file where it is shared: two processes of one app, each with its own view of the service, and one file.

import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { holdOn, type Known, type KnownFlag } from '../../sdk/src/follow/known.js'
import { unite } from '../../sdk/src/follow/union.js'
import {
  Cache,
  type Cached,
  type Disk,
  decode,
  encode,
  fileDisk,
  type Generation,
} from '../../sdk/src/keep/cache.js'
import { voice } from '../../sdk/src/logger.js'
import type { Held, ProvisionalHold } from '../../src/wire/snapshot.js'

const held: Held = { variant: 'off', value: false, since: '', holds: ['h'] }
const killed = (seen: Record<string, number>): KnownFlag => ({ held, heldBy: 'a', seen })
const normal = (seen: Record<string, number>): KnownFlag => ({ seen })
const known = (log: string, revision: number, flag?: KnownFlag, more: Partial<Known> = {}): Known => ({
  environment: 'test',
  log,
  revision,
  revisions: { [log]: revision },
  catalogue: 'c1',
  at: '',
  flags: new Map(flag ? [['f', flag]] : []),
  provisional: new Map(),
  merged: [],
  holding: {},
  toShow: [],
  released: [],
  ...more,
})
const hold = (id: string): ProvisionalHold => ({ id, flag: 'f', variant: 'off', value: false, since: '' })

const cases: [string, Known, Known, boolean][] = [
  [
    'a kill that only the other has seen',
    known('a', 5, normal({ a: 5 })),
    known('a', 9, killed({ a: 9 })),
    true,
  ],
  ['a kill of a flag never heard of', known('a', 5), known('a', 9, killed({ a: 9 })), true],
  [
    'a release that only the other has seen',
    known('a', 5, killed({ a: 5 })),
    known('a', 9, normal({ a: 9 })),
    false,
  ],
  ['a kill that is long released', known('a', 9, normal({ a: 9 })), known('a', 5, killed({ a: 5 })), false],
  ['a kill of its own', known('a', 9, killed({ a: 9 })), known('a', 5, normal({ a: 5 })), true],
  ['another log, that never flipped it', known('b', 2, normal({})), known('a', 9, killed({ a: 9 })), true],
  [
    'another log, that released it',
    known('b', 2, normal({ a: 9, b: 2 })),
    known('a', 9, killed({ a: 9 })),
    false,
  ],
  [
    'two logs, each with a flip of its own',
    known('b', 2, normal({ b: 2 })),
    known('a', 9, killed({ a: 9 })),
    true,
  ],
]
for (const [what, own, other, isKilled] of cases)
  t.test(`united, ${what}: ${isKilled ? 'killed' : 'normal'}`, async () => {
    const both = unite(own, other) as Known
    assert.equal(holdOn(both, 'f') !== undefined, isKilled)
    assert.equal(both.log, own.log)
    assert.equal(both.revision, Math.max(own.revision, other.revisions[own.log] ?? 0))
  })

t.test('a provisional hold is kept until a log that either has seen accounts for it', async () => {
  const has = known('a', 5, undefined, { provisional: new Map([['p', hold('p')]]) })
  assert.ok(holdOn(unite(known('a', 5), has) as Known, 'f'))
  assert.ok(holdOn(unite(has, known('a', 5)) as Known, 'f'))
  const merged = known('a', 6, normal({ a: 6 }), { merged: ['p'] })
  assert.equal(holdOn(unite(merged, has) as Known, 'f'), undefined)
  assert.equal(holdOn(unite(has, merged) as Known, 'f'), undefined)
})

t.test('another environment is not united with', async () => {
  assert.equal(unite(known('a', 5), known('a', 9, killed({ a: 9 }), { environment: 'staging' })), undefined)
})

t.test(
  'a process that closes cut off does not write over the kill another one has in the shared file',
  async () => {
    let text: string | undefined
    const disk: Disk = {
      read: () => text,
      async write(next) {
        text = next
      },
    }
    const says = voice({ warn() {}, error() {} })
    const store = async (cache: Cache, state: Known) => {
      cache.store({ known: state, confirmedAt: 1 })
      await cache.settled()
    }
    const [cutOff, following] = [new Cache(disk, says), new Cache(disk, says)]
    await store(cutOff, known('a', 5, normal({ a: 5 })))
    await store(following, known('a', 9, killed({ a: 9 })))
    await store(cutOff, known('a', 5, normal({ a: 5 })))
    const left = (): Cached => decode(text as string, undefined)
    assert.ok(holdOn(left().known, 'f'))
    assert.equal(left().known.revision, 9)
    await store(following, known('a', 12, normal({ a: 12 })))
    assert.equal(holdOn(left().known, 'f'), undefined, 'and a release goes through')
    text = `${encode({ known: known('a', 9, killed({ a: 9 })), confirmedAt: 1 })}torn`.slice(9)
    await store(following, known('a', 12, normal({ a: 12 })))
    assert.equal(left().known.revision, 12, 'what is no state is written over')
  },
)

const says = (said: string[]) => voice({ warn: line => void said.push(line), error() {} })
const folderOf = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ks-cache-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const kept = async (path: string, states: Known[]): Promise<Cache> => {
  const cache = new Cache(fileDisk(path), says([]))
  for (const [at, state] of states.entries()) {
    cache.store({ known: state, confirmedAt: at + 1 })
    await cache.settledTwice()
  }
  return cache
}

t.test('a file that cannot be written is said once, however often it is tried', async t => {
  const folder = join(folderOf(t), 'state.json')
  mkdirSync(folder)
  const said: string[] = []
  const cache = new Cache(fileDisk(folder), says(said))
  for (const revision of [1, 2, 3]) {
    cache.store({ known: known('a', revision), confirmedAt: 1 })
    await cache.settledTwice()
  }
  assert.equal(said.length, 1)
  assert.ok(said[0]?.includes('EISDIR'), said[0])
})

t.test('one file that is damaged, gone, or put back from a backup gives up no kill', async t => {
  const path = join(folderOf(t), 'state.json')
  await kept(path, [known('a', 5, normal({ a: 5 }))])
  const backup = readFileSync(path, 'utf8')
  await kept(path, [known('a', 9, killed({ a: 9 }))])
  const text = readFileSync(path, 'utf8')
  const damages: [string, () => void][] = [
    ['cut', () => truncateSync(path, 40)],
    ['empty', () => writeFileSync(path, '')],
    ['changed', () => writeFileSync(path, text.replace('"revision":9', '"revision":3'))],
    ['gone', () => rmSync(path)],
    ['put back', () => writeFileSync(path, backup)],
    ['the other one cut', () => truncateSync(`${path}.before`, 40)],
    ['the other one put back', () => writeFileSync(`${path}.before`, backup)],
  ]
  for (const [what, damage] of damages) {
    for (const file of [path, `${path}.before`]) writeFileSync(file, text)
    damage()
    const said: string[] = []
    const loaded = new Cache(fileDisk(path), says(said)).load(undefined)
    assert.ok(loaded && holdOn(loaded.known, 'f'), what)
    assert.equal(loaded.known.revision, 9, what)
    assert.equal(said.length, Number(/cut|empty|changed/.test(what)), `${what}: ${said}`)
    // whoever writes next takes it along, and makes both whole again
    const next = new Cache(fileDisk(path), says([]))
    next.store(next.load(undefined) as Cached)
    await next.settledTwice()
    for (const file of [path, `${path}.before`])
      assert.ok(holdOn(decode(readFileSync(file, 'utf8'), undefined).known, 'f'), what)
  }
  // and what the log shows released stays so, whichever file is the older one
  await kept(path, [known('a', 12, normal({ a: 12 }))])
  writeFileSync(path, text)
  assert.equal(holdOn((new Cache(fileDisk(path), says([])).load(undefined) as Cached).known, 'f'), undefined)
})

t.test('a write that went wrong leaves the generation before it alone', async () => {
  const texts = new Map<Generation, string>()
  const disk: Disk = {
    read: generation => texts.get(generation),
    async write(text, generation) {
      texts.set(
        generation,
        generation === 'newest' && text.includes('"revision":9') ? text.slice(0, 99) : text,
      )
    },
  }
  const said: string[] = []
  const cache = new Cache(disk, says(said))
  for (const revision of [5, 9]) {
    cache.store({ known: known('a', revision, killed({ a: 5 })), confirmedAt: 1 })
    await cache.settledTwice()
  }
  assert.match(said.join(), /kept once, and not twice/)
  assert.ok(holdOn((new Cache(disk, says([])).load(undefined) as Cached).known, 'f'))
})

t.test(
  'a place that another user owns or may write to is neither read nor written, and the warning says why',
  async t => {
    const parent = folderOf(t)
    const at = (name: string) => join(parent, name, 'state.json')
    const isRoot = process.getuid?.() === 0
    const cases: [string, (folder: string) => void, RegExp][] = [
      [
        'group',
        folder => chmodSync(folder, 0o770),
        /others may write to .*group \(mode 770\): chmod go-w it, or/,
      ],
      ['all', folder => chmodSync(folder, 0o1777), /others may write to .*all \(mode 777\)/],
      [
        'file',
        folder => chmodSync(join(folder, 'state.json'), 0o666),
        /others may write to .*state.json \(mode 666\)/,
      ],
    ]
    if (isRoot)
      cases.push(
        [
          'owned',
          folder => chownSync(folder, 4711, 4711),
          /owned belongs to user 4711, and this process is user 0: chown/,
        ],
        [
          'planted',
          folder => chownSync(join(folder, 'state.json'), 4711, 4711),
          /state.json belongs to user 4711/,
        ],
      )
    for (const [name, spoil, why] of cases) {
      await kept(at(name), [known('a', 9, killed({ a: 9 }))])
      rmSync(`${at(name)}.before`)
      spoil(dirname(at(name)))
      const said: string[] = []
      const cache = new Cache(fileDisk(at(name)), says(said))
      assert.equal(cache.load(undefined), undefined, name)
      assert.equal(said.length, 1)
      assert.match(said[0] as string, why)
      if (name === 'file' || name === 'planted') continue
      const before = readdirSync(dirname(at(name)))
      cache.store({ known: known('a', 10), confirmedAt: 2 })
      await cache.settledTwice()
      assert.deepEqual(readdirSync(dirname(at(name))), before)
      assert.match(said[1] as string, why)
    }
    // a link is as good as what it leads to
    symlinkSync(join(parent, 'all'), join(parent, 'link'))
    assert.throws(() => fileDisk(at('link')).read('newest'), /others may write/)
  },
)
