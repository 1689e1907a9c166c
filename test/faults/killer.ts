// A process of its own that kills and restores one flag after the other, each flip over a new connection as a terminal
// does, and measures from before it connects to the whole answer. On its own, so that no load generator delays its clock.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { quantile } from '../bench/figures.js'

export type KillerAsked = { port: number; operator: string; engineer: string; everyMs: number }
/** Milliseconds from the connect to the whole answer, by status; status 0: no answer within ten seconds. */
export type Kills = { ms: number[]; statuses: Record<string, number> }

export class Killer {
  readonly #child = fork(fileURLToPath(import.meta.url), ['--killer'])

  constructor(asked: KillerAsked) {
    this.#child.send(asked)
  }

  /** What it has measured since the last time it was asked. */
  async take(): Promise<Kills> {
    this.#child.send('take')
    const [kills] = (await once(this.#child, 'message')) as [Kills]
    return kills
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

export function show({ ms, statuses }: Kills): string {
  if (ms.length === 0) return 'no kill was answered'
  const figure = (q: number) => Math.round(quantile(ms, q))
  const answers = Object.entries(statuses).map(([status, count]) => `${count} x ${status}`)
  return `${ms.length} kills (${answers.join(', ')}): p50 ${figure(0.5)} ms, p99 ${figure(0.99)} ms, at most ${figure(1)} ms`
}

type Answer = { status: number; ms: number }

function flip(asked: KillerAsked, act: 'kill' | 'restore', flag: string, incident: string): Promise<Answer> {
  const began = performance.now()
  const token = act === 'kill' ? asked.operator : asked.engineer
  const body = JSON.stringify({ reason: 'a storm', incident })
  return new Promise(resolve => {
    const done = (status: number) => resolve({ status, ms: performance.now() - began })
    const sent = request({
      port: asked.port,
      host: '127.0.0.1',
      path: `/v1/flags/${flag}/${act}`,
      method: 'POST',
      agent: false,
      timeout: 10_000,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => done(0))
    sent.on('response', answer => {
      answer.resume().on('end', () => done(answer.statusCode ?? 0))
      answer.on('error', () => done(0))
    })
    sent.end(body)
  })
}

const nothing = (): Kills => ({ ms: [], statuses: {} })

/** A kill under an incident of its own, then its restore, so that the state does not grow. */
async function run(asked: KillerAsked): Promise<void> {
  let kills = nothing()
  process.on('message', message => {
    if (message !== 'take') return
    process.send?.(kills)
    kills = nothing()
  })
  for (let number = 0; ; number++) {
    const incident = `INC-${process.pid}-${number}`
    const { status, ms } = await flip(asked, 'kill', 'ai_v1', incident)
    kills.ms.push(ms)
    kills.statuses[status] = (kills.statuses[status] ?? 0) + 1
    await new Promise(resolve => setTimeout(resolve, asked.everyMs / 2))
    await flip(asked, 'restore', 'ai_v1', incident)
    await new Promise(resolve => setTimeout(resolve, asked.everyMs / 2))
  }
}

if (process.argv[2] === '--killer') {
  process.once('message', asked => void run(asked as KillerAsked))
  process.on('disconnect', () => process.exit(0))
}
