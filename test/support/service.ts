// The service as a process of its own, on a free port and a folder of its own: what a user starts, and what a machine
// kills. Ends only the processes it started.

import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '../../src/domain/log/audit.js'
import type { Role } from '../../src/wire/words.js'
import { withRecord } from './fleet-record.js'
import { sharedLogKey } from './log-key.js'
import { FLAGS_DIR, ROOT } from './server.js'
import { type Teardown, testdir } from './testdir.js'
import { until } from './until.js'

// biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by tests
export type Reply = { status: number; body: any; headers: Headers; text: string }
export type Sent = { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal }

const MAIN = join(ROOT, '.build/src/main.js')
/** `npm start` may have to build first, on a machine that has other work. */
const READY_WITHIN_MS = 120_000

export type Given = {
  dataDir?: string
  /** Those of its tokens file, where it has one of its own. */
  tokens?: Readonly<Record<Role, string>>
  env?: Record<string, string>
  /** What to start instead of the compiled main.js. */
  command?: string[]
  /** It starts without a record of its app instances. */
  isUnrecorded?: boolean
}

export class Service {
  readonly dataDir: string
  readonly child: ChildProcess
  /** What it said to people, and what it logged, so far. */
  said = ''
  logged = ''
  readonly #tokens: Given['tokens']
  #ended: Promise<number | string> | undefined

  private constructor(child: ChildProcess, dataDir: string, tokens: Given['tokens']) {
    this.child = child
    this.#tokens = tokens
    this.dataDir = dataDir
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.said += text
    })
    child.stdout?.setEncoding('utf8').on('data', text => {
      this.logged += text
    })
    this.#ended = once(child, 'exit').then(([code, signal]) => signal ?? code)
  }

  /** Starts one and does not wait for it. */
  static launch(
    t: Teardown,
    {
      dataDir = testdir(t),
      env = {},
      command = [process.execPath, MAIN],
      tokens,
      isUnrecorded = false,
    }: Given = {},
  ) {
    if (!isUnrecorded) withRecord(dataDir)
    const [program, ...args] = command as [string, ...string[]]
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...clean(process.env),
        KILLSWITCH_PORT: '0',
        KILLSWITCH_ENVIRONMENT: 'test',
        KILLSWITCH_FLAGS_DIR: FLAGS_DIR,
        KILLSWITCH_DATA_DIR: dataDir,
        ...(env.KILLSWITCH_REDIS_URL === undefined ? {} : { KILLSWITCH_LOG_KEY_FILE: sharedLogKey() }),
        ...env,
      },
    })
    const service = new Service(child, dataDir, tokens)
    t.after(async () => {
      // npm would leave its child behind
      await service.end(program === 'npm' ? 'SIGTERM' : 'SIGKILL')
    })
    return service
  }

  /** Starts one; resolves when it says that it is up. */
  static async start(t: Teardown, given: Given = {}): Promise<Service> {
    const service = Service.launch(t, given)
    await service.up()
    return service
  }

  async up(): Promise<void> {
    await until(
      () => {
        if (this.child.exitCode !== null)
          throw new Error(`it ended with ${this.child.exitCode}:\n${this.said}`)
        return this.said.includes('Killswitch is up')
      },
      'the service is up',
      READY_WITHIN_MS,
    )
  }

  get address(): string {
    return /Killswitch is up: (\S+)/.exec(this.said)?.[1] as string
  }

  token(role: Role): string {
    return this.#tokens?.[role] ?? readFileSync(join(this.dataDir, 'tokens', role), 'utf8')
  }

  async ask(
    role: Role | undefined,
    method: 'GET' | 'POST',
    path: string,
    { body, headers, signal }: Sent = {},
  ): Promise<Reply> {
    const response = await fetch(this.address + path, {
      method,
      ...(signal === undefined ? {} : { signal }),
      headers: {
        ...(role === undefined ? {} : { authorization: `Bearer ${this.token(role)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    const isJson = /json/.test(type) && !/ndjson/.test(type)
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    }
  }

  kill(flag: string, body: object, key?: string): Promise<Reply> {
    return this.#flip('operator', `/v1/flags/${flag}/kill`, body, key)
  }

  restore(flag: string, body: object, key?: string): Promise<Reply> {
    return this.#flip('engineer', `/v1/flags/${flag}/restore`, { reason: 'a test', ...body }, key)
  }

  /** Resolves when /readyz shows the condition; with undefined, none but the posture of a test's Redis. */
  async whenReadiness(code: string | undefined, withinMs?: number): Promise<Reply> {
    return until(
      async () => {
        const answer = await this.ask(undefined, 'GET', '/readyz')
        const codes = answer.body.degraded
          .map((condition: { code: string }) => condition.code)
          .filter((each: string) => !each.startsWith('redis-'))
        return (code === undefined ? codes.length === 0 : codes.includes(code)) && answer
      },
      `/readyz shows ${code ?? 'nothing amiss'}`,
      withinMs,
    )
  }

  /** Sends a signal; resolves with the exit code, or the signal's name, when the process is gone. */
  end(signal: NodeJS.Signals): Promise<number | string> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    return this.#ended as Promise<number | string>
  }

  /** Resolves with the exit code when the process has ended by itself. */
  ended(): Promise<number | string> {
    return this.#ended as Promise<number | string>
  }

  /** The bytes of the journal on disk. */
  journal(): string {
    const folder = join(this.dataDir, 'log')
    const segments = readdirSync(folder).filter(name => name.endsWith('.ndjson'))
    return segments
      .sort()
      .map(name => readFileSync(join(folder, name), 'utf8'))
      .join('')
  }

  /** The entries of the journal on disk, after checking their chain with no code of the service. */
  entries(): Entry[] {
    const lines = this.journal().split('\n').slice(0, -1)
    let prev = ''
    return lines.map(line => {
      const entry = JSON.parse(line) as Entry
      if (entry.prev !== prev) throw new Error(`the chain breaks at ${entry.epoch}-${entry.seq}`)
      prev = createHash('sha256').update(line).digest('hex')
      return entry
    })
  }

  #flip(role: Role, path: string, body: object, key?: string): Promise<Reply> {
    return this.ask(role, 'POST', path, {
      body,
      ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
    })
  }
}

/** The environment without what a developer may have set for a service of their own. */
const clean = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('KILLSWITCH_') && name !== 'NODE_ENV'),
  )
