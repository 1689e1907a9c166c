// Measures the journal, the index and queries on this machine's temporary folder.
//   node scripts/build.mjs --test && node .build/test/bench/journal.js [entries] [folder]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { placeOf } from '../../src/domain/log/audit.js'
import { NO_ENTRY } from '../../src/domain/log/chain.js'
import { EntryIndex } from '../../src/log/index/entry-index.js'
import { AuditQueries } from '../../src/log/index/query.js'
import { Journal } from '../../src/log/journal/journal.js'
import { verify } from '../../src/log/journal/verify.js'
import { chainOf, headOf } from '../support/entries.js'

const count = Number(process.argv[2] ?? 100_000)
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'killswitch-bench-'))
const say = (what: string, value: string): void => console.log(`${what.padEnd(52)} ${value}`)
const ms = (value: number): string => `${value.toFixed(2)} ms`

/** How long it took, and for how long at most nothing else could run meanwhile. */
async function timed<T>(what: string, act: () => Promise<T>): Promise<T> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  const result = await act()
  const tookMs = performance.now() - start
  delay.disable()
  say(
    what,
    `${ms(tookMs)}; others waited at most ${ms(delay.max / 1e6)}, p99 ${ms(delay.percentile(99) / 1e6)}`,
  )
  return result
}

async function measureAppends(journal: Journal, batch: number, rounds: number): Promise<void> {
  const entries = chainOf({ count: batch * rounds, after: journal.head })
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await journal.append(entries.slice(round * batch, (round + 1) * batch))
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const [p50, p99] = [times[Math.floor(rounds / 2)]!, times[Math.floor(rounds * 0.99)]!]
  say(`append, batches of ${batch}: p50 / p99`, `${ms(p50)} / ${ms(p99)}`)
}

async function fill(journal: Journal): Promise<void> {
  let bytes = 0
  let head = NO_ENTRY
  for (let done = 0; done < count; done += 5000) {
    const rareAt = done + 2500
    const batch = chainOf({
      count: 5000,
      after: head,
      with: (draft, index) =>
        index === rareAt && done % 20_000 === 0 ? { ...draft, flag: 'rare.flag' } : draft,
    })
    head = headOf(batch.at(-1)!)
    bytes += batch.reduce((sum, { line }) => sum + line.length, 0)
    await journal.append(batch)
  }
  say('entries, bytes each', `${count}, ${Math.round(bytes / count)}`)
}

try {
  const journal = await Journal.open({ folder })
  await fill(journal)
  await measureAppends(journal, 1, 2000)
  await measureAppends(journal, 64, 300)
  await journal.close()
  const memory = () => `${Math.round(process.resourceUsage().maxRSS / 1024)} MB`
  say('peak resident memory while filling', memory())

  const again = await timed('open the journal', () => Journal.open({ folder }))
  const index = await EntryIndex.open(again)
  const head = placeOf(again.head)
  await timed('index all', () => index.reached(head))

  const queries = new AuditQueries(again, index)
  for (const order of ['newest', 'oldest'] as const) {
    const rare = await timed(`rare flag, ${order}`, () => queries.query({ flag: 'rare.flag' }, { order }))
    say('  found, examined', `${rare.entries.length}, ${rare.examined}`)
  }
  await timed('rare flag, again', () => queries.query({ flag: 'rare.flag' }, { order: 'newest' }))
  await timed('newest 50', () => queries.query({}, { order: 'newest' }))
  await timed('three common filters, newest 50', () =>
    queries.query(
      { flag: 'ai_v1', actor: 'ana', outcome: 'refused', reason: 'provider timeout' },
      { order: 'newest' },
    ),
  )
  await timed('export all', async () => {
    for await (const _ of queries.stream({}, 'oldest'));
  })
  await timed('one line by its place', () => again.line(Math.floor(count / 2)))
  const verified = await timed('verify', () => verify(again))
  say('  ok', String(verified.ok))
  await index.close()
  await again.close()
  await timed('open journal and index again', async () => {
    const third = await Journal.open({ folder })
    const opened = await EntryIndex.open(third)
    await opened.reached(placeOf(third.head))
    await opened.close()
    await third.close()
  })
  say('peak resident memory', memory())
} finally {
  rmSync(folder, { recursive: true, force: true })
}
