// An instance of sdk/examples/app.mjs as a process of its own: what a user runs, and what a machine kills.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './server.js'
import type { Reply } from './service.js'
import type { Teardown } from './testdir.js'

export type Given = { url: string; token: string; instance: string; cacheFile: string; app?: string }

export class ExampleApp {
  readonly instance: string
  readonly child: ChildProcess
  readonly #port: Promise<number>
  readonly #ended: Promise<number | string>
  /** What it said on its error output. */
  said = ''

  private constructor(child: ChildProcess, instance: string) {
    this.child = child
    this.instance = instance
    this.#ended = once(child, 'exit').then(([code, signal]) => signal ?? code)
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.said += text
    })
    this.#port = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', line =>
        resolve(Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1])),
      )
      child.once('exit', code => reject(new Error(`${instance} ended with ${code}:\n${this.said}`)))
    })
    this.#port.catch(() => {})
  }

  /** Resolves when it listens, and has come up from whatever there is. Its model never comes to an answer by itself. */
  static async start(
    t: Teardown,
    { url, token, instance, cacheFile, app: application = 'trustflow' }: Given,
  ): Promise<ExampleApp> {
    const child = spawn(process.execPath, [join(ROOT, 'sdk/examples/app.mjs')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        MODEL_MS: '3600000',
        KILLSWITCH_URL: url,
        KILLSWITCH_TOKEN: token,
        KILLSWITCH_APP: application,
        KILLSWITCH_INSTANCE: instance,
        KILLSWITCH_CACHE_FILE: cacheFile,
        // a busy machine may take longer than a second to answer
        KILLSWITCH_INIT_TIMEOUT_MS: '60000',
      },
    })
    const app = new ExampleApp(child, instance)
    t.after(async () => {
      await app.end('SIGKILL')
    })
    await app.#port
    return app
  }

  async ask(method: 'GET' | 'POST', path: string): Promise<Reply> {
    const answer = await fetch(`http://127.0.0.1:${await this.#port}${path}`, { method })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, text, body: JSON.parse(text) }
  }

  /** Its status route. */
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by tests
  async state(): Promise<any> {
    return (await this.ask('GET', '/state')).body
  }

  /** Sends a signal; resolves with the exit code, or the signal's name, when the process is gone. */
  end(signal: NodeJS.Signals): Promise<number | string> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    return this.#ended
  }
}
