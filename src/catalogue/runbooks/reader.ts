// Reads runbooks in a thread of their own, with a size cap and a time limit each: nothing a runbook contains can hang
// or crash the service. A runbook that cannot be read comes back empty, with a finding that says why.

import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { withCodes } from '../../domain/runbook/step-code.js'
import type { RunbookSource } from '../../wire/catalogue.js'
import type { Runbook } from '../../wire/runbook.js'
import type { KnownFlag } from './flips/flag-values.js'
import type { ParseRequest } from './parse.js'
import { unreadRunbook, whatIsLong } from './unread.js'

export type ReadLimits = {
  /** Computing time of this process, which is never less than the thread's own. */
  timeLimitMs: number
  /** What a long runbook has besides, for each KiB of it: what is long takes long, and hostile text is short. */
  timePerKibMs: number
  /** Of the clock, whatever was computed. */
  waitLimitMs: number
  startLimitMs: number
  sizeLimitBytes: number
  heapLimitMb: number
}

export const READ_LIMITS: ReadLimits = {
  timeLimitMs: 3_000,
  timePerKibMs: 40,
  waitLimitMs: 120_000,
  startLimitMs: 10_000,
  sizeLimitBytes: 512 * 1024,
  heapLimitMb: 512,
}

/**
 * The runbooks in the order of their sources, codes settled among all of them. Never rejects. One thread serves the
 * batch and is replaced after a timeout or a crash.
 */
export async function readRunbooks(
  sources: readonly RunbookSource[],
  flags: readonly KnownFlag[],
  environments: readonly string[] = [],
  limits: Partial<ReadLimits> = {},
): Promise<Runbook[]> {
  const known = flags.map(({ key, variants, defaultVariant, killVariant }) => {
    return { key, variants, defaultVariant, killVariant }
  })
  const name = nameOf([sources, known, environments, limits])
  const before = read.get(name)
  if (before !== undefined) return structuredClone(before)
  const reader = new RunbookReader({ ...READ_LIMITS, ...limits })
  const runbooks: Runbook[] = []
  try {
    for (const { id, source, digest, encoding } of sources) {
      const request = {
        id,
        source,
        digest,
        flags: known,
        environments,
        ...(encoding !== undefined && { encoding }),
      }
      runbooks.push(await reader.read(request))
    }
  } finally {
    await reader.close()
  }
  const settled = withCodes(runbooks)
  const codes = settled.flatMap(({ findings }) => findings.map(({ code }) => code))
  // what kept one from being read may be over the next time
  if (!codes.includes('too-slow') && !codes.includes('unreadable')) keep(name, settled)
  return structuredClone(settled)
}

/** The batches read last: a catalogue that comes in again, as when an edit is taken back, is not read again. */
const KEPT = 2
const read = new Map<string, Runbook[]>()

function keep(name: string, runbooks: Runbook[]): void {
  read.set(name, runbooks)
  for (const oldest of read.keys()) if (read.size > KEPT) read.delete(oldest)
}

const nameOf = (asked: unknown): string => createHash('sha256').update(JSON.stringify(asked)).digest('hex')

type Answer = { runbook: Runbook } | { failed: 'too-slow' | 'unreadable'; message: string }

class RunbookReader {
  readonly #limits: ReadLimits
  #worker: Worker | undefined

  constructor(limits: ReadLimits = READ_LIMITS) {
    this.#limits = limits
  }

  /** One at a time: a second call waits for nothing and must not be made before the first has answered. */
  async read(request: ParseRequest): Promise<Runbook> {
    const bytes = Buffer.byteLength(request.source)
    if (bytes > this.#limits.sizeLimitBytes) {
      const message = `the runbook has ${bytes} bytes, more than the ${this.#limits.sizeLimitBytes} that are read; split it`
      return unreadRunbook(request, 'too-large', message)
    }
    const answer = await this.#ask(request).catch((error: unknown): Answer => {
      return { failed: 'unreadable', message: `the runbook could not be read: ${String(error)}` }
    })
    if ('runbook' in answer) return answer.runbook
    await this.close()
    return unreadRunbook(request, answer.failed, answer.message)
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  async #ask(request: ParseRequest): Promise<Answer> {
    if (!this.#worker) {
      this.#worker = startWorker(this.#limits.heapLimitMb)
      const { startLimitMs, waitLimitMs } = this.#limits
      const started = await answerOf(this.#worker, startLimitMs, waitLimitMs)
      if (started !== 'ready') return failed(started, 'the reading thread did not start')
    }
    this.#worker.postMessage(request)
    const { timeLimitMs, timePerKibMs, waitLimitMs } = this.#limits
    const limitMs = Math.round(timeLimitMs + (timePerKibMs * request.source.length) / 1024)
    const read = await answerOf(this.#worker, limitMs, waitLimitMs)
    if (typeof read === 'object' && 'steps' in read) return { runbook: read }
    return failed(
      read,
      `reading took longer than ${limitMs / 1000} s and was stopped; ${whatIsLong(request.source)}`,
    )
  }
}

type Said = Runbook | 'ready' | 'timeout' | { crashed: string }

const failed = (said: Said, slow: string): Answer => {
  if (said === 'timeout') return { failed: 'too-slow', message: slow }
  const why = typeof said === 'object' && 'crashed' in said ? said.crashed : 'an unexpected answer'
  return { failed: 'unreadable', message: `the runbook could not be read (${why}); simplify its nesting` }
}

function startWorker(heapLimitMb: number): Worker {
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    // A large young generation: a tree is short-lived, and moving it about took more time than building it.
    resourceLimits: { maxOldGenerationSizeMb: heapLimitMb, maxYoungGenerationSizeMb: 64 },
    execArgv: [],
    stderr: true,
  })
  worker.on('error', () => undefined)
  return worker
}

/**
 * The next message, or what kept it from coming. The limit is of computing time: a thread that a busy machine left
 * waiting has not been slow. A late timer first lets a message that is already there win.
 */
function answerOf(worker: Worker, limitMs: number, waitLimitMs: number): Promise<Said> {
  return new Promise(resolve => {
    const began = { cpu: process.cpuUsage(), at: performance.now() }
    const settle = (said: Said) => {
      clearTimeout(timer)
      worker.off('message', settle).off('error', onError).off('exit', onExit)
      resolve(said)
    }
    const onError = (error: unknown) =>
      settle({ crashed: error instanceof Error ? error.message : String(error) })
    const onExit = (code: number) => settle({ crashed: `the reading thread ended with ${code}` })
    const look = () => {
      const left = Math.min(limitMs - computed(began.cpu), waitLimitMs - (performance.now() - began.at))
      if (left <= 0) settle('timeout')
      else timer = later(left)
    }
    const later = (ms: number) => setTimeout(() => setImmediate(look), Math.max(ms, 20))
    let timer = later(Math.min(limitMs, waitLimitMs))
    worker.on('message', settle).on('error', onError).on('exit', onExit)
  })
}

/** Milliseconds this process has computed since. */
function computed(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}
