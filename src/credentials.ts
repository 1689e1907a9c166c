// The tokens in force in this process: read at the start and again on change; a faulty file leaves those before it.

import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.js'
import type { Health } from './service/health.js'
import { ensureTokens, type FirstStart } from './tokens/first-start.js'
import { Tokens } from './tokens/tokens.js'

export class Credentials {
  readonly firstStart: FirstStart | undefined
  readonly #config: Config
  readonly #health: Health
  readonly #logger: FastifyBaseLogger
  #tokens: Tokens

  static async open(config: Config, health: Health, logger: FastifyBaseLogger): Promise<Credentials> {
    const { tokens, firstStart } = await openTokens(config)
    return new Credentials(config, health, logger, tokens, firstStart)
  }

  private constructor(
    config: Config,
    health: Health,
    logger: FastifyBaseLogger,
    tokens: Tokens,
    firstStart: FirstStart | undefined,
  ) {
    this.#config = config
    this.#health = health
    this.#logger = logger
    this.#tokens = tokens
    this.firstStart = firstStart
  }

  get tokens(): Tokens {
    return this.#tokens
  }

  /** Never throws: what is wrong is logged, and stays on /readyz until it is right. */
  async reload(): Promise<void> {
    try {
      this.#tokens = (await openTokens(this.#config)).tokens
      this.#health.tokensFault = undefined
    } catch (error) {
      const { message } = error as Error
      this.#health.tokensFault = message
      this.#logger.error({ code: 'configuration' }, `${message} The tokens before it stay in force.`)
    }
  }
}

async function openTokens(config: Config): Promise<{ tokens: Tokens; firstStart: FirstStart | undefined }> {
  const firstStart = config.tokensFile === undefined ? await ensureTokens(config.dataDir) : undefined
  const tokens = await Tokens.read(config.tokensFile ?? (firstStart as FirstStart).file)
  if (config.breakGlassSha256 !== undefined) tokens.withBreakGlass(config.breakGlassSha256)
  return { tokens, firstStart }
}
