// What every store promises, as its port says: one suite, run on each adapter. Knows no adapter.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { KillswitchError } from '../../../src/domain/errors.js'
import { EMPTY, type Head, hashLine, open, placeOf, type SealedEntry } from '../../../src/domain/log/audit.js'
import type { CommitResult, Store } from '../../../src/log/stores/store.js'
import { Follower } from '../../support/follower.js'
import { aKey, ODD_KEYS } from '../../support/keys.js'
import { assertChain, headOf, lastHead, sealAfter } from '../../support/log.js'

export type StoreUnderTest = {
  store: Store
  /** Another instance on the same log; where there can be only one, the same. */
  second: Store
  /** The state of the flags as the store keeps it, where it does. */
  flags?: () => Promise<Record<string, string>>
}

const NO_FLAGS = new Map<string, string | null>()

export const commitAll = (
  store: Store,
  expectedHead: Head,
  entries: readonly SealedEntry[],
): Promise<CommitResult> => store.commit({ expectedHead, entries, flags: NO_FLAGS })

/** Commits entries for `reasons` after `head`, which must succeed. */
export async function commitAfter(store: Store, head: Head, ...reasons: string[]): Promise<SealedEntry[]> {
  const entries = sealAfter(head, ...reasons)
  assert.deepEqual(await commitAll(store, head, entries), { outcome: 'committed' })
  return entries
}

/** The same on a server that did not open the log's epoch: refused as `moved`, then taken with a new epoch. */
export async function commitInNextEpoch(
  store: Store,
  head: Head,
  ...reasons: string[]
): Promise<SealedEntry[]> {
  assert.deepEqual(await commitAll(store, head, sealAfter(head, ...reasons)), { outcome: 'moved' })
  const entries = sealAfter({ ...head, epoch: head.epoch + 1 }, ...reasons)
  const opened = await store.commit({ expectedHead: head, entries, flags: NO_FLAGS, mode: 'open' })
  assert.deepEqual(opened, { outcome: 'committed' })
  return entries
}

const linesOf = (entries: readonly SealedEntry[]): string[] => entries.map(({ line }) => line)

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `reason ${i + 1}`)

export function describeStore(name: string, openStore: (t: Test) => Promise<StoreUnderTest>): void {
  t.test(`${name}: commit`, async t => {
    t.test('begins empty', async t => {
      const { store } = await openStore(t)
      assert.deepEqual(await store.head(), EMPTY)
      await store.ping()
    })

    t.test('keeps what it committed, and ends there', async t => {
      const { store, second } = await openStore(t)
      const entries = await commitAfter(store, EMPTY, 'one', 'two', 'three')
      assert.deepEqual(await second.head(), lastHead(entries))
      const follower = new Follower(t, second)
      await follower.lineCount(3)
      assert.deepEqual(follower.lines, linesOf(entries))
    })

    t.test('says what stands there from an entry on, and whether a write on it would pass', async () => {
      const { store, second } = await openStore(t)
      const entries = await commitAfter(store, EMPTY, 'one', 'two', 'three')
      const [first, last] = [headOf(entries[0]!), lastHead(entries)]
      const whole = await second.examine(EMPTY)
      assert.deepEqual(whole.lines, linesOf(entries))
      assert.deepEqual([whole.isHeld, whole.damage, whole.highest], [true, undefined, placeOf(last)])
      const rest = await second.examine(first)
      assert.deepEqual([rest.isHeld, rest.lines], [true, linesOf(entries.slice(1))])
      assert.equal((await second.examine({ ...first, hash: 'another' })).isHeld, false)
      // one that is behind is told so by the answer to its write
      for (const head of [first, last]) assert.equal(await second.tryOut(head), undefined)
      assert.match((await second.tryOut({ ...last, hash: 'another' })) ?? '', /another|other/)
      assert.equal(await second.setAside(), false)
      assert.deepEqual(await store.head(), last, 'nothing was written')
    })

    t.test('answers a stale head with exactly the missing lines, and writes nothing', async t => {
      const { store, second } = await openStore(t)
      const entries = await commitAfter(store, EMPTY, ...numbered(7))
      for (const known of [0, 1, 6]) {
        const head = lastHead(entries.slice(0, known))
        const result = await commitAll(second, head, sealAfter(head, 'late', 'later'))
        assert.deepEqual(result, { outcome: 'conflict', missing: linesOf(entries.slice(known)) })
      }
      assert.deepEqual(await store.head(), lastHead(entries))
    })

    t.test('bounds an answer in lines and bytes, and always moves on', async t => {
      const { store } = await openStore(t)
      const many = await commitAfter(store, EMPTY, ...numbered(620))
      const large = await commitAfter(
        store,
        lastHead(many),
        ...numbered(3).map(text => text + 'x'.repeat(700_000)),
      )
      const all = linesOf([...many, ...large])
      const sizes: number[] = []
      for (let head = EMPTY, known = 0; known < all.length; ) {
        const result = await commitAll(store, head, sealAfter(head, 'late'))
        assert.ok(result.outcome === 'conflict' && result.missing.length > 0)
        assert.deepEqual(result.missing, all.slice(known, known + result.missing.length))
        sizes.push(result.missing.length)
        known += result.missing.length
        head = lastHead([...many, ...large].slice(0, known))
      }
      assert.deepEqual(sizes, [500, 121, 1, 1])
    })

    t.test('lets exactly one of two racing writers have each place', async t => {
      const { store, second } = await openStore(t)
      let head = EMPTY
      const won = [0, 0]
      const lines: string[] = []
      for (let round = 1; round <= 200; round++) {
        const offers = [sealAfter(head, `a ${round}`), sealAfter(head, `b ${round}`)]
        const pairs = [commitAll(store, head, offers[0]!), commitAll(second, head, offers[1]!)]
        const results = await Promise.all(round % 2 ? pairs : pairs.reverse())
        if (round % 2 === 0) results.reverse()
        const winner = results.findIndex(({ outcome }) => outcome === 'committed')
        assert.deepEqual(results[1 - winner], { outcome: 'conflict', missing: linesOf(offers[winner]!) })
        won[winner]!++
        lines.push(...linesOf(offers[winner]!))
        head = lastHead(offers[winner]!)
      }
      assert.equal(won[0]! + won[1]!, 200)
      const follower = new Follower(t, second)
      await follower.lineCount(200)
      assert.deepEqual(follower.lines, lines)
      assertChain(follower.lines)
    })

    t.test('says that a head is lost which it does not hold, and writes nothing', async t => {
      const { store } = await openStore(t)
      const beyond = lastHead(sealAfter(EMPTY, 'never', 'committed', 'here'))
      const lost = async (head: Head, pattern: RegExp): Promise<void> => {
        const result = await commitAll(store, head, sealAfter(head, 'late'))
        assert.equal(result.outcome, 'lost')
        assert.match((result as { why: string }).why, pattern)
      }
      await lost(beyond, /0-3/)
      const entries = await commitAfter(store, EMPTY, 'one', 'two')
      await lost(beyond, /0-3/)
      await lost({ ...headOf(entries[0]!), hash: hashLine('other') }, /0-1.*another hash/)
      await lost({ ...headOf(entries[1]!), hash: hashLine('other') }, /0-2.*another hash/)
      await lost({ ...headOf(entries[1]!), epoch: 1 }, /1-2/)
      assert.deepEqual(await store.head(), lastHead(entries))
    })

    t.test('orders a later epoch after an earlier one, also beyond nine', async t => {
      const { store, second } = await openStore(t)
      const old = await commitAfter(store, EMPTY, ...numbered(11))
      const opened = await commitAfter(store, lastHead(old), 'last of epoch 0')
      const entries = [...old, ...opened]
      for (const epoch of [1, 2, 10]) {
        const head = lastHead(entries)
        const next = sealAfter({ ...head, epoch }, `epoch ${epoch}`, 'and on')
        assert.deepEqual(await commitAll(store, head, next), { outcome: 'committed' })
        entries.push(...next)
      }
      const known = lastHead(entries.slice(0, 5))
      const late = await commitAll(second, known, sealAfter(known, 'late'))
      assert.deepEqual(late, { outcome: 'conflict', missing: linesOf(entries.slice(5)) })
      assert.deepEqual(await second.head(), lastHead(entries))
    })

    t.test('keeps every byte of a line, of any script, up to a mebibyte', async t => {
      const { store } = await openStore(t)
      const texts = [
        'Überlastung \u{1f6d1} 停止',
        '\u2028\u0000\ufeff"\\\n\t',
        '\ud800 alone',
        'é'.repeat(524_288),
      ]
      const entries = await commitAfter(store, EMPTY, ...texts)
      const follower = new Follower(t, store)
      await follower.lineCount(4)
      assert.deepEqual(follower.lines, linesOf(entries))
      assert.deepEqual(
        follower.lines.map(line => hashLine(line)),
        entries.map(({ hash }) => hash),
      )
      assert.deepEqual(
        follower.lines.map(line => open(line).entry.reason),
        texts,
      )
    })

    t.test('keeps the state of each flag as of the last commit', async t => {
      const { store, flags } = await openStore(t)
      if (!flags) return
      const first = sealAfter(EMPTY, 'one')
      const changed = new Map([
        ['ai_v1', '{"killed":true}'],
        ['kyc_v1', '{"killed":true}'],
      ])
      await store.commit({ expectedHead: EMPTY, entries: first, flags: changed })
      assert.deepEqual({ ...(await flags()) }, Object.fromEntries(changed))

      const head = lastHead(first)
      const second = {
        entries: sealAfter(head, 'two'),
        flags: new Map([
          ['ai_v1', null],
          ['inflow.llm', '{}'],
        ]),
      }
      const late = sealAfter(EMPTY, 'late')
      const stale = await store.commit({ ...second, expectedHead: EMPTY, entries: late })
      assert.equal(stale.outcome, 'conflict')
      assert.deepEqual({ ...(await flags()) }, Object.fromEntries(changed), 'a conflict changes no flag')
      await store.commit({ expectedHead: head, ...second })
      assert.deepEqual({ ...(await flags()) }, { kyc_v1: '{"killed":true}', 'inflow.llm': '{}' })
    })
  })

  t.test(`${name}: follow`, async t => {
    t.test('keeps the state of a flag of any key as it is named', async t => {
      const { store, flags } = await openStore(t)
      const states = new Map(
        [...ODD_KEYS, ...fc.sample(aKey, { numRuns: 200, seed: 1 })].map((key, at) => [key, `{"at":${at}}`]),
      )
      const entries = sealAfter(EMPTY, 'one')
      assert.deepEqual(await store.commit({ expectedHead: EMPTY, entries, flags: states }), {
        outcome: 'committed',
      })
      if (flags) assert.deepEqual(new Map(Object.entries(await flags())), states)
    })

    t.test('goes on from where the caller is', async t => {
      const { store, second } = await openStore(t)
      const entries = await commitAfter(store, EMPTY, ...numbered(5))
      const follower = new Follower(t, second, headOf(entries[2]!))
      await follower.lineCount(2)
      const more = await commitAfter(store, lastHead(entries), 'six', 'seven')
      await follower.lineCount(4)
      assert.deepEqual(follower.lines, linesOf([...entries.slice(3), ...more]))
    })

    t.test('never skips or repeats while commits go on', async t => {
      const { store, second } = await openStore(t)
      const followers = [new Follower(t, store), new Follower(t, second)]
      const entries: SealedEntry[] = []
      for (let round = 0; round < 150; round++) {
        entries.push(...(await commitAfter(store, lastHead(entries), ...numbered(1 + (round % 3)))))
        if (round === 70) followers.push(new Follower(t, second, headOf(entries[40]!)))
      }
      await Promise.all(
        [entries.length, entries.length, entries.length - 41].map((n, i) => followers[i]!.lineCount(n)),
      )
      const lines = linesOf(entries)
      assert.deepEqual(
        followers.map(({ lines }) => lines),
        [lines, lines, lines.slice(41)],
      )
      assertChain(lines)
    })

    t.test('tells of a line, and again and again that the store is there', async t => {
      const { store, second } = await openStore(t)
      const follower = new Follower(t, second)
      await follower.next('alive')
      await follower.next('alive')
      await commitAfter(store, EMPTY, 'one')
      await follower.lineCount(1)
      for (let n = 0; n < 5; n++) await follower.next('alive')
      assert.deepEqual(
        follower.told.filter(({ kind }) => kind !== 'alive').map(({ kind }) => kind),
        ['lines'],
      )
    })

    t.test(
      'says lost while the store does not hold what the caller has, and goes on when it does',
      async t => {
        const { store } = await openStore(t)
        const entries = await commitAfter(store, EMPTY, 'one', 'two')
        const follower = new Follower(t, store, lastHead(sealAfter(EMPTY, 'of', 'another', 'log')))
        assert.match((await follower.next('lost')).why ?? '', /0-3/)
        assert.match((await follower.next('lost')).why ?? '', /0-3/)
        assert.deepEqual(follower.lines, [])
        follower.head = headOf(entries[0]!)
        await follower.lineCount(1)
        assert.deepEqual(follower.lines, linesOf(entries.slice(1)))
        await follower.next('alive')
      },
    )

    t.test('ends when it is told to, also when it was told before', async t => {
      const { store } = await openStore(t)
      const follower = new Follower(t, store)
      await follower.next('alive')
      await follower.stop()
      assert.ok(follower.ended)
      for await (const told of store.follow(() => EMPTY, AbortSignal.abort()))
        assert.fail(`was told ${told.kind}`)
    })
  })

  t.test(`${name}: close`, async t => {
    t.test('ends followers, and refuses what comes after', async t => {
      const { store } = await openStore(t)
      const follower = new Follower(t, store)
      await follower.next('alive')
      await store.close()
      await follower.stop()
      assert.ok(follower.ended)
      const entries = sealAfter(EMPTY, 'late')
      for (const refused of [
        () => commitAll(store, EMPTY, entries),
        () => store.head(),
        () => store.ping(),
      ]) {
        await assert.rejects(
          refused,
          (error: unknown) => error instanceof KillswitchError && error.code === 'store-unavailable',
        )
      }
    })
  })
}
