// A real redis-server for a test: on a free port and in a directory of its own, so that it can be killed and started
// again as the same one. Ends only the processes it started.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'

export type RedisConfig = Record<string, string>

/** Keeps everything in memory: the fastest to start. */
export const VOLATILE: RedisConfig = { save: '', appendonly: 'no' }

/** As docker-compose.yml has it, but for the users. */
export const PROPER: RedisConfig = {
  save: '',
  appendonly: 'yes',
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
}

type Teardown = { after: (fn: () => void | Promise<void>) => void }

/** Starts one, and ends it with the test (or with `wholeFile`). Tries another port where one was taken. */
export async function startRedis(t: Teardown, config: RedisConfig = VOLATILE): Promise<TestRedis> {
  for (let attempt = 1; ; attempt++) {
    const redis = new TestRedis(await freePort(), config)
    try {
      await redis.start()
      t.after(() => redis.remove())
      return redis
    } catch (error) {
      await redis.remove()
      if (attempt === 3) throw error
    }
  }
}

export class TestRedis {
  readonly port: number
  readonly dir = mkdtempSync(join(tmpdir(), 'killswitch-redis-'))
  readonly #config: RedisConfig
  #process: ChildProcess | undefined
  #admin: Redis | undefined

  constructor(port: number, config: RedisConfig) {
    this.port = port
    this.#config = config
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#process?.pid as number
  }

  /** Resolves when it accepts connections; with `more` for this start alone. */
  async start(more: RedisConfig = {}): Promise<void> {
    const config = { bind: '127.0.0.1', ...this.#config, ...more, port: String(this.port), dir: this.dir }
    const args = Object.entries(config).flatMap(([name, value]) => [`--${name}`, ...splitValue(name, value)])
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    const log: string[] = []
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', line => {
        log.push(line)
        if (/ready to accept connections/i.test(line)) resolve()
      })
      child.stderr.on('data', data => log.push(String(data)))
      child.once('error', reject)
      child.once('exit', code =>
        reject(new Error(`redis-server ended with ${code}:\n${log.slice(-8).join('\n')}`)),
      )
    })
  }

  /** A client with the library's own defaults, to look at the server and to harm it. */
  get admin(): Redis {
    this.#admin ??= new Redis({ port: this.port, host: '127.0.0.1', protocol: 2, retryStrategy: () => 20 })
    if (this.#admin.listenerCount('error') === 0) this.#admin.on('error', () => {})
    return this.#admin
  }

  /** Ends it as an operator would, or with SIGKILL as the kernel would; resolves when it is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    await gone
  }

  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  async remove(): Promise<void> {
    this.#admin?.disconnect()
    await this.stop('SIGKILL')
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** Settings of several words. */
const splitValue = (name: string, value: string): string[] =>
  ['user', 'replicaof'].includes(name) ? value.split(' ') : [value]

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
