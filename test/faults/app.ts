// An app as its team builds it: the SDK's own provider, with stream, freshness, receipts and cache file. Remembers every
// change of a value, so that a fault which nobody should notice can be seen to go unnoticed.

import { join } from 'node:path'
import type { FlagValue } from '../../sdk/src/index.js'
import { KillswitchProvider } from '../../sdk/src/index.js'

export type Turn = { flag: string; from: FlagValue | undefined; to: FlagValue | undefined; at: string }

export type Given = {
  name: string
  urls: readonly string[]
  token: string
  flags: readonly string[]
  folder: string
}

export class App {
  readonly name: string
  /** Every change of a value since it came up, in order. */
  readonly turns: Turn[] = []
  readonly #provider: KillswitchProvider
  readonly #flags: readonly string[]
  readonly #values = new Map<string, FlagValue | undefined>()

  private constructor({ name, urls, token, flags, folder }: Given) {
    this.name = name
    this.#flags = flags
    this.#provider = new KillswitchProvider({
      url: urls,
      token,
      app: 'chaos',
      instance: name,
      environment: 'test',
      cacheFile: join(folder, `${name}.json`),
      // a busy machine may take longer than a second to answer
      initTimeoutMs: 30_000,
      logger: { warn: () => {}, error: () => {} },
    })
  }

  static async start(t: { after: (end: () => Promise<void>) => void }, given: Given): Promise<App> {
    const app = new App(given)
    t.after(() => app.#provider.onClose())
    await app.#provider.initialize()
    for (const flag of app.#flags) app.#values.set(flag, app.#value(flag))
    app.#provider.killswitch.listen({ changed: () => app.#look() })
    return app
  }

  get killed(): string[] {
    return this.#flags.filter(flag => this.#provider.killswitch.isKilled(flag)).sort()
  }

  #look(): void {
    for (const flag of this.#flags) {
      const [from, to] = [this.#values.get(flag), this.#value(flag)]
      if (from === to) continue
      this.#values.set(flag, to)
      this.turns.push({ flag, from, to, at: new Date().toISOString() })
    }
  }

  #value(flag: string): FlagValue | undefined {
    return this.#provider.killswitch.value(flag)
  }
}
