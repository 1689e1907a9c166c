// The tokens in force in this process: read at the start and again on change; a faulty file leaves those before it.

import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.js'
import { describeFault } from '../domain/catalogue/catalogue.js'
import { outOfFilesIn } from '../domain/out-of-files.js'
import type { Health } from '../service/health.js'
import { ensureTokens, type FirstStart } from '../tokens/first-start.js'
import { Tokens } from '../tokens/tokens.js'
import { again } from './publish-catalogue.js'

export class Credentials {
  readonly firstStart: FirstStart | undefined
  readonly #config: Config
  readonly #health: Health
  readonly #logger: FastifyBaseLogger
  #tokens: Tokens
  #isRead: boolean
  /** Told of the tokens whenever the file was read again. */
  onRead: (tokens: Tokens) => void = () => {}

  static async open(config: Config, health: Health, logger: FastifyBaseLogger): Promise<Credentials> {
    try {
      const firstStart = config.tokensFile === undefined ? await ensureTokens(config.dataDir) : undefined
      const { tokens, passedOver } = await Tokens.readAtStart(fileOf(config, firstStart))
      const credentials = new Credentials(
        config,
        health,
        logger,
        withSealed(tokens, config),
        firstStart,
        true,
      )
      if (passedOver.length > 0) credentials.#say(passedOver.map(describeFault).join('\n'), PASSED_OVER)
      return credentials
    } catch (error) {
      if (config.breakGlassSha256 === undefined) throw error
      // a kill must stay possible: the sealed credential alone opens, until the file can be read
      const credentials = new Credentials(
        config,
        health,
        logger,
        withSealed(new Tokens(), config),
        undefined,
        false,
      )
      credentials.#say(
        (error as Error).message,
        'The sealed credential alone is known, until it can be read.',
      )
      return credentials
    }
  }

  private constructor(
    config: Config,
    health: Health,
    logger: FastifyBaseLogger,
    tokens: Tokens,
    firstStart: FirstStart | undefined,
    isRead: boolean,
  ) {
    this.#isRead = isRead
    this.#config = config
    this.#health = health
    this.#logger = logger
    this.#tokens = tokens
    this.firstStart = firstStart
  }

  get tokens(): Tokens {
    return this.#tokens
  }

  /** Whether the file could be read: otherwise the sealed credential alone is known, and nobody was taken out. */
  get isRead(): boolean {
    return this.#isRead
  }

  /** Never throws: what is wrong is logged, and stays on /readyz until it is right. */
  async reload(): Promise<void> {
    try {
      const tokens = await Tokens.read(fileOf(this.#config, this.firstStart))
      this.#tokens = withSealed(tokens, this.#config)
      this.#health.tokensFault = undefined
      this.#isRead = true
      this.onRead(this.#tokens)
    } catch (error) {
      if (outOfFilesIn(error) === undefined)
        this.#say((error as Error).message, 'The tokens before it stay in force.')
      else again(() => this.reload())
    }
  }

  #say(message: string, rest: string): void {
    this.#health.tokensFault = `${message} ${rest}`
    this.#logger.error({ code: 'configuration' }, `${message} ${rest}`)
  }
}

/** What a newer version refuses in a file that an older one took does not keep the service from starting. */
const PASSED_OVER =
  'That is passed over, the rest of the file is in force, and no change of it is taken before it is mended.'

/** Where a start could not make its own, a reload tries the file that it would be. */
const fileOf = ({ tokensFile, dataDir }: Config, firstStart: FirstStart | undefined): string =>
  tokensFile ?? firstStart?.file ?? join(dataDir, 'tokens.yaml')

const withSealed = (tokens: Tokens, { breakGlassSha256 }: Config): Tokens =>
  breakGlassSha256 === undefined ? tokens : tokens.withBreakGlass(breakGlassSha256)
