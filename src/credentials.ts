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
    try {
      const { tokens, firstStart } = await openTokens(config)
      return new Credentials(config, health, logger, tokens, firstStart)
    } catch (error) {
      if (config.breakGlassSha256 === undefined) throw error
      // a kill must stay possible: the sealed credential alone opens, until the file can be read
      const credentials = new Credentials(config, health, logger, sealed(config.breakGlassSha256), undefined)
      credentials.#fault(error, 'The sealed credential alone is known, until it can be read.')
      return credentials
    }
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
      this.#fault(error, 'The tokens before it stay in force.')
    }
  }

  #fault(error: unknown, rest: string): void {
    const { message } = error as Error
    this.#health.tokensFault = `${message} ${rest}`
    this.#logger.error({ code: 'configuration' }, `${message} ${rest}`)
  }
}

const sealed = (sha256: string): Tokens => new Tokens().withBreakGlass(sha256)

async function openTokens(config: Config): Promise<{ tokens: Tokens; firstStart: FirstStart | undefined }> {
  const firstStart = config.tokensFile === undefined ? await ensureTokens(config.dataDir) : undefined
  const tokens = await Tokens.read(config.tokensFile ?? (firstStart as FirstStart).file)
  if (config.breakGlassSha256 !== undefined) tokens.withBreakGlass(config.breakGlassSha256)
  return { tokens, firstStart }
}
