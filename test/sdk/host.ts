// A host in virtual time, as far as an app can see, given by hand: what it answers, the streams it opened, and whether it
// is live. And an app that follows it.

import { Killswitch } from '../../sdk/src/killswitch.js'
import type { KillswitchOptions } from '../../sdk/src/options.js'
import type { Receipt } from '../../src/wire/receipt.js'
import type { SnapshotFlag } from '../../src/wire/snapshot.js'
import type { LiveSessions } from './live-sessions.js'
import { Pipe, respond, sse, type World } from './world.js'

export const position = (revision: number) => ({
  environment: 'test',
  log: 'a',
  revision,
  hash: `hash-${revision}`,
  catalogue: 'c1',
  at: '2026-11-20T03:00:00.000Z',
  provisional: [],
  merged: [],
  released: [] as string[],
})
export const beat = (upstream: 'live' | 'stale', revision: number) =>
  sse('heartbeat', { upstream, revision, log: 'a' })
export const change = (revision: number) =>
  sse('change', { ...position(revision), v: 1, held: {}, flipped: {} })

/** One host that answers snapshots and opens streams; `pipes` are those opened, the newest last. */
export function host(world: World, origin: string, flags: Record<string, SnapshotFlag>, revision = 5) {
  const state = {
    up: true,
    hasSnapshots: true,
    /** False: a proxy passes the headers of a stream, and nothing after them. */
    passesEvents: true,
    upstream: 'live' as 'live' | 'stale',
    pipes: [] as Pipe[],
    snapshots: 0,
    modes: new Set<string | undefined>(),
    /** Undefined: a service of before there were any. */
    sessions: undefined as LiveSessions | undefined,
    receipts: [] as Receipt[],
  }
  world.hosts.set(origin, async (url, init) => {
    if (!state.up) throw new Error('connect ECONNREFUSED')
    if (url.pathname === '/v1/receipts') {
      const { receipts } = JSON.parse(init.body as string) as { receipts: Receipt[] }
      const refusal = receipts.map(receipt => state.sessions?.refusal(receipt)).find(Boolean)
      if (refusal) return respond(refusal.status, JSON.stringify(refusal))
      state.receipts.push(...receipts)
      return respond(202)
    }
    const given = Object.fromEntries(state.sessions?.claim(init.headers) ?? [])
    if (url.pathname === '/v1/snapshot') {
      if (!state.hasSnapshots) throw new Error('connect ECONNREFUSED')
      state.snapshots++
      state.modes.add(init.headers['killswitch-mode'])
      const headers = { 'killswitch-upstream': state.upstream, ...given }
      return respond(200, JSON.stringify({ ...position(revision), v: 1, flags }), headers)
    }
    const pipe = new Pipe(init.signal)
    state.pipes.push(pipe)
    if (state.passesEvents) pipe.write(change(revision) + beat(state.upstream, revision))
    const all: Record<string, string> = { 'content-type': 'text/event-stream', ...given }
    const headers = { get: (name: string) => all[name] ?? null }
    return { status: 200, headers, body: pipe.read(), text: async () => '' }
  })
  return state
}

export function boot(world: World, options: KillswitchOptions = {}): Killswitch {
  const logger = { warn() {}, error() {} }
  const given = { url: 'http://a:1', token: 't', app: 'app', cacheFile: false as const, logger, ...options }
  const killswitch = new Killswitch(given, { runtime: world })
  void killswitch.start()
  return killswitch
}
