// The cache file where it is shared: two processes of one app, each with its own view of the service, and one file.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Cache, type Cached, type Disk, decode, encode, fileDisk } from '../../sdk/src/cache.js'
import { holdOn, type Known, type KnownFlag } from '../../sdk/src/known.js'
import { voice } from '../../sdk/src/logger.js'
import { unite } from '../../sdk/src/union.js'
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

t.test('a file that cannot be written is said once, however often it is tried', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'ks-cache-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const said: string[] = []
  const cache = new Cache(fileDisk(folder), voice({ warn: line => void said.push(line), error() {} }))
  for (const revision of [1, 2, 3]) {
    cache.store({ known: known('a', revision), confirmedAt: 1 })
    await cache.settled()
  }
  assert.equal(said.length, 1)
  assert.ok(said[0]?.includes('EISDIR'), said[0])
})
