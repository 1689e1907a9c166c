// npm run storm: many clients at once, and kills meanwhile. One scenario or all of them, one after the other.
//   npm run storm -- streams --clients 10000 --seconds 20 --receipts
//   npm run storm -- slow garbage reads evaluations --seconds 20
//   npm run storm -- strangers few-files no-ops forks bodies --seconds 20

import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { quantile } from '../bench/figures.js'
import type { Teardown } from '../support/testdir.js'
import { show } from './killer.js'
import { flooding, streams } from './storm-scenarios.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    clients: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '20' },
    /** Every client answers every change by a receipt. */
    receipts: { type: 'boolean', default: false },
    /** Entries in the log that the reads are about. */
    entries: { type: 'string', default: '20000' },
  },
})
const seconds = Number(values.seconds)
/** A kill beside a flood takes so many times what it takes without, at most. */
const MOST_TIMES = 5

const SCENARIOS: Record<string, (t: Teardown) => Promise<string>> = {
  async streams(t) {
    const seen = await streams(t, { clients: Number(values.clients), seconds, receipts: values.receipts })
    return [
      `${seen.clients} streams, ${Math.round(seen.megabytes)} MB; calm: ${show(seen.calm)}`,
      `a kill was with all of them ${Math.round(seen.reachedMs)} ms after it was asked for`,
      `kill -9: up after ${Math.round(seen.upMs)} ms, all streams back after ${Math.round(seen.backMs)} ms; meanwhile: ${show(seen.storm)}`,
    ].join('\n  ')
  },
  slow: t => flooded(t, { kind: 'slow', connections: 500, seconds }),
  garbage: t => flooded(t, { kind: 'garbage', connections: 100, perSecond: 5_000, seconds }),
  reads: t => flooded(t, { kind: 'reads', connections: 64, seconds, entries: Number(values.entries) }),
  evaluations: t => flooded(t, { kind: 'evaluations', connections: 64, seconds }),
  strangers: t => flooded(t, { kind: 'strangers', connections: 600, seconds, files: 400 }),
  'few-files': t => flooded(t, { kind: 'strangers', connections: 256, seconds, files: 128 }),
  'no-ops': t => flooded(t, { kind: 'no-ops', connections: 16, perSecond: 320, seconds }),
  forks: t => flooded(t, { kind: 'forks', connections: 16, perSecond: 1_000, seconds }),
  bodies: t => flooded(t, { kind: 'bodies', connections: 600, seconds, files: 400 }),
}

async function flooded(t: Teardown, asked: Parameters<typeof flooding>[1]): Promise<string> {
  const { calm, kills, flooded: told, lines, entries } = await flooding(t, asked)
  const rate = (count: number) => Math.round(count / asked.seconds)
  const answers = Object.entries(told.statuses).map(([status, count]) => `${rate(count)} x ${status}`)
  const times = quantile(kills.ms, 0.99) / quantile(calm.ms, 0.99)
  const judged = `p99 is ${times.toFixed(1)} times its quiet one: ${times <= MOST_TIMES ? 'good' : 'TOO SLOW'}`
  const grown = `a second: ${rate(lines)} log lines, ${rate(entries)} entries`
  return `${show(kills)}\n  quiet: ${show(calm)}; ${judged}\n  ${grown}\n  a second: ${rate(told.sent)} sent, ${rate(told.closed)} closed, ${answers.join(', ')}`
}

for (const name of positionals.length > 0 ? positionals : Object.keys(SCENARIOS)) {
  const closers: (() => void | Promise<void>)[] = []
  const t = { after: (close: () => void | Promise<void>) => void closers.push(close) }
  const scenario = SCENARIOS[name]
  if (scenario === undefined) throw new Error(`there is no "${name}": ${Object.keys(SCENARIOS).join(', ')}`)
  try {
    console.log(`${name}: ${await scenario(t)}`)
  } finally {
    for (const close of closers.reverse()) await close()
  }
}
console.log(`load average ${loadavg().map(each => each.toFixed(1))}`)
