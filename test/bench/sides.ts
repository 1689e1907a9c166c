// The service and the bare path as processes of their own, each with a route that flips and a stream that tells: what a
// benchmark fires at, in turns. The bare path is what a flip costs at least, with no rule, no log and no account of itself:
// a Fastify route with a schema, one durable write, and the frame written to every socket.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { SCRIPTS } from '../../src/log/stores/redis/commands.js'
import { startServer } from '../../src/server.js'
import { chainOf } from '../support/entries.js'
import { withRecord } from '../support/fleet-record.js'
import { sharedLogKey } from '../support/log-key.js'
import { configFor } from '../support/server.js'

export type Side = {
  address: string
  /** By role; empty for the bare path. */
  tokens: Record<string, string>
  end: () => void
}

/** `redisUrl`: on Redis; without, on the disk of this process. */
export async function startSide(name: 'bare' | 'service', redisUrl?: string): Promise<Side> {
  const folder = mkdtempSync(join(tmpdir(), 'killswitch-bench-'))
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [name, folder, redisUrl ?? ''], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [started] = (await once(child, 'message')) as [Omit<Side, 'end'>]
  const end = () => {
    child.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...started, end }
}

/** As a user runs it, but for where its log lines go. */
async function service(folder: string, redisUrl: string): Promise<Omit<Side, 'end'>> {
  withRecord(folder)
  const onRedis = { redisUrl, logKeyFile: sharedLogKey() }
  const config = configFor(folder, { logLevel: 'info', ...(redisUrl === '' ? {} : onRedis) })
  const { address, firstStart } = await startServer(config, pino({ level: 'info' }))
  return { address, tokens: firstStart?.created ?? {} }
}

async function bare(folder: string, redisUrl: string): Promise<Omit<Side, 'end'>> {
  const app = Fastify()
  const streams = new Set<ServerResponse>()
  const tell = () => {
    const frame = Buffer.from(`event: change\ndata: ${JSON.stringify(CHANGE)}\n\n`)
    for (const stream of streams) stream.write(frame)
  }
  const write = redisUrl === '' ? await onDisk(folder, tell) : await onRedis(redisUrl, tell)
  const body = { type: 'object', properties: { reason: { type: 'string' }, incident: { type: 'string' } } }
  const answer = { type: 'object', properties: { id: { type: 'integer' }, changed: { type: 'boolean' } } }
  for (const act of ['kill', 'restore'])
    app.post(`/v1/flags/:key/${act}`, { schema: { body, response: { 200: answer } } }, async () => ({
      id: await write(),
      changed: true,
    }))
  app.post('/receipt', { schema: { body } }, async () => ({ accepted: 1 }))
  app.get('/v1/stream', (_, reply) => {
    const { raw } = reply.hijack()
    raw.writeHead(200, { 'content-type': 'text/event-stream' })
    raw.write(': hello\n\n')
    streams.add(raw)
  })
  return { address: await app.listen({ port: 0, host: '127.0.0.1' }), tokens: {} }
}

/** Appends a line of a log and syncs it. */
async function onDisk(folder: string, tell: () => void): Promise<() => Promise<number>> {
  const file = await open(join(folder, 'log'), 'a')
  const line = Buffer.from(`${(chainOf({ count: 1 })[0] as { line: string }).line}\n`)
  let written = 0
  return async () => {
    await file.write(line)
    await file.datasync()
    tell()
    return ++written
  }
}

/** Runs the service's own script, and tells when a connection that tails the stream has the entry. */
async function onRedis(url: string, tell: () => void): Promise<() => Promise<number>> {
  const [writer, tail] = [new Redis(url), new Redis(url)]
  const keys = ['{bench}:log', '{bench}:flags', '{bench}:meta', '{bench}:about']
  writer.defineCommand('killswitchCommit', SCRIPTS.killswitchCommit)
  const entries = chainOf({ count: 20_000 })
  let next = 0
  let head = { id: '0-0', hash: '' }
  const follow = async () => {
    for (let after = '0-0'; ; ) {
      const found = await tail.xread('BLOCK', 0, 'STREAMS', keys[0] as string, after)
      after = found?.[0]?.[1].at(-1)?.[0] ?? after
      tell()
    }
  }
  void follow()
  return async () => {
    const { entry, line, hash } = entries[next++] as (typeof entries)[0]
    const id = `${entry.epoch}-${entry.seq}`
    const [outcome] = await writer.killswitchCommit(
      ...keys,
      'write',
      head.id,
      head.hash,
      500,
      1024,
      '',
      1,
      id,
      line,
      hash,
      'ai_v1',
      '{}',
    )
    if (outcome !== 'committed') throw new Error(outcome)
    head = { id, hash }
    return next
  }
}

const CHANGE = {
  v: 1,
  environment: 'test',
  log: '0'.repeat(64),
  revision: 1,
  catalogue: '0'.repeat(64),
  at: '2026-11-20T03:00:00.000Z',
  hash: '0'.repeat(64),
  provisional: [],
  merged: [],
  released: [],
  held: {
    ai_v1: {
      variant: 'off',
      value: false,
      since: '2026-11-20T03:00:00.000Z',
      incident: 'INC-1',
      holds: ['0'.repeat(24)],
    },
  },
  flipped: { ai_v1: 1 },
}

const [, script, name, folder = '', redisUrl = ''] = process.argv
if (script === fileURLToPath(import.meta.url)) {
  // ends with whoever started it, and so writes its profile where that was started with --cpu-prof
  process.once('disconnect', () => process.exit(0))
  process.send?.(await (name === 'bare' ? bare : service)(folder, redisUrl))
}
