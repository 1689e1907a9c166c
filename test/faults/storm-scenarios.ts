// What a storm is made of: the service as a process, a killer beside it, and one kind of load. Each scenario gives back
// what was seen; whether it is good enough is for whoever asked.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Journal } from '../../src/log/journal/journal.js'
import { chainOf } from '../support/entries.js'
import { freePort } from '../support/redis.js'
import { ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { tokensFile } from '../support/tokens.js'
import { until } from '../support/until.js'
import { Crowd } from './crowd.js'
import { Flood, type Flooded, type FloodKind } from './flood.js'
import { Killer, type Kills } from './killer.js'

const LONG_MS = 240_000

class Stage {
  readonly tokens
  readonly dataDir: string
  readonly port: number
  readonly #t: Teardown
  readonly #file: string
  service: Service | undefined
  /** Its `ulimit -n`. */
  files: number | undefined

  private constructor(t: Teardown, port: number) {
    this.#t = t
    this.port = port
    this.dataDir = testdir(t)
    const { file, tokens } = tokensFile(t)
    this.#file = file
    this.tokens = tokens
  }

  static async set(t: Teardown, entries = 0, files?: number): Promise<Stage> {
    const stage = new Stage(t, await freePort())
    stage.files = files
    if (entries > 0) await stage.#fill(entries)
    await stage.start()
    // answered when the index is made, as it is long before a storm
    await stage.service?.ask('viewer', 'GET', '/v1/audit?flag=nobody')
    return stage
  }

  async start(): Promise<void> {
    const env = { KILLSWITCH_PORT: String(this.port), KILLSWITCH_TOKENS_FILE: this.#file }
    const command = this.files === undefined ? {} : { command: withFiles(this.files) }
    const given = { dataDir: this.dataDir, tokens: this.tokens, env, ...command }
    this.service = await Service.start(this.#t, given)
  }

  killer(everyMs: number): Killer {
    const { operator, engineer } = this.tokens
    const killer = new Killer({ port: this.port, operator, engineer, everyMs })
    this.#t.after(() => killer.end())
    return killer
  }

  flood(kind: FloodKind, connections: number, perSecond?: number): Flood {
    const { viewer, sdk, operator } = this.tokens
    const pace = perSecond === undefined ? {} : { perSecond }
    const flood = new Flood({ kind, port: this.port, viewer, sdk, operator, connections, ...pace })
    this.#t.after(() => flood.end())
    return flood
  }

  /** In processes of five thousand clients at most. */
  crowds(clients: number, receipts: boolean): Crowd[] {
    const sizes: number[] = []
    for (let left = clients; left > 0; left -= 5_000) sizes.push(Math.min(left, 5_000))
    return sizes.map((size, index) => {
      const app = receipts ? { app: 'trustflow' } : {}
      const asked = { port: this.port, token: this.tokens.sdk, clients: size, name: `crowd-${index}`, ...app }
      const crowd = new Crowd(asked)
      this.#t.after(() => crowd.end())
      return crowd
    })
  }

  async metric(name: string): Promise<number> {
    const { text } = (await this.service?.ask('viewer', 'GET', '/metrics')) ?? { text: '' }
    return Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(text)?.[1])
  }

  async #fill(entries: number): Promise<void> {
    mkdirSync(this.dataDir, { recursive: true })
    const journal = await Journal.open({ folder: this.dataDir })
    const chain = chainOf({ count: entries })
    for (let from = 0; from < entries; from += 1_000) await journal.append(chain.slice(from, from + 1_000))
    await journal.close()
  }
}

export type Streams = {
  clients: number
  calm: Kills
  /** From asking for a kill until it was with every client, ms; clients are asked ten times a second. */
  reachedMs: number
  /** While they came back. */
  storm: Kills
  upMs: number
  backMs: number
  megabytes: number
}

/** So many streams, kills, a kill -9 of the service, its restart, and everybody coming back while kills go on. */
export async function streams(
  t: Teardown,
  { clients, seconds, receipts }: { clients: number; seconds: number; receipts: boolean },
): Promise<Streams> {
  const stage = await Stage.set(t)
  const crowds = stage.crowds(clients, receipts)
  const open = () => crowds.reduce((sum, { stands }) => sum + stands.open, 0)
  const reached = (revision: number) => crowds.reduce((sum, crowd) => sum + crowd.reached(revision), 0)
  await until(() => open() >= clients, `${clients} streams are open`, LONG_MS)
  const killer = stage.killer(1_000)
  await pause(seconds * 1_000)
  const calm = await killer.take()
  const askedAt = performance.now()
  const killed = await stage.service?.ask('operator', 'POST', '/v1/flags/kyc_v1/kill', { body: {} })
  await until(() => reached(killed?.body.id) >= clients, 'every client has a kill', LONG_MS)
  const reachedMs = performance.now() - askedAt
  const megabytes = (await stage.metric('process_resident_memory_bytes')) / 1e6
  const killedAt = performance.now()
  await stage.service?.end('SIGKILL')
  await stage.start()
  const upMs = performance.now() - killedAt
  await killer.take()
  await until(() => open() >= clients, 'all streams are back', LONG_MS)
  const backMs = performance.now() - killedAt
  await pause(2_000)
  return { clients, calm, reachedMs, storm: await killer.take(), upMs, backMs, megabytes }
}

export type Flooding = {
  /** Before the load was there. */
  calm: Kills
  kills: Kills
  flooded: Flooded
  seconds: number
  readyz: string
  /** Lines of the process log, and entries of the log, while it was there. */
  lines: number
  entries: number
}

/** Kills under a load of one kind. */
export async function flooding(
  t: Teardown,
  {
    kind,
    connections,
    perSecond,
    seconds,
    entries = 0,
    files,
  }: {
    kind: FloodKind
    connections: number
    perSecond?: number
    seconds: number
    entries?: number
    files?: number
  },
): Promise<Flooding> {
  const stage = await Stage.set(t, entries, files)
  const killer = stage.killer(100)
  await pause(Math.min(seconds, 5) * 1_000)
  const calm = await killer.take()
  const seen = async () => ({
    lines: stage.service?.logged.split('\n').length ?? 0,
    head: (await stage.metric('killswitch_log_head')) % 2 ** 32,
  })
  const first = await seen()
  const flood = stage.flood(kind, connections, perSecond)
  await until(() => flood.told.sent >= connections, 'the load is there', LONG_MS)
  const before = flood.told
  await killer.take()
  await pause(seconds * 1_000)
  const kills = await killer.take()
  const flooded = difference(flood.told, before)
  // whoever has no token may be closed for another such, and comes again
  const answer = await until(
    () => stage.service?.ask(undefined, 'GET', '/readyz').catch(() => false as const),
    '/readyz answers',
    LONG_MS,
  )
  const readyz = answer.text
  await Promise.all([killer.end(), flood.end()])
  const last = await seen()
  const grown = { lines: last.lines - first.lines, entries: last.head - first.head }
  return { calm, kills, flooded, seconds, readyz, ...grown }
}

/** The service, which may have so many files open. */
export const withFiles = (files: number): string[] => [
  'bash',
  '-c',
  `ulimit -n ${files} && exec "$0" "$1"`,
  process.execPath,
  join(ROOT, '.build/src/main.js'),
]

const difference = (now: Flooded, before: Flooded): Flooded => ({
  sent: now.sent - before.sent,
  closed: now.closed - before.closed,
  statuses: Object.fromEntries(
    Object.entries(now.statuses).map(([status, count]) => [status, count - (before.statuses[status] ?? 0)]),
  ),
})
