// Which store a process runs on, and whether its set-up can hold a kill switch's log.

import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.js'
import type { Clock } from './domain/clock.js'
import { KillswitchError } from './domain/errors.js'
import type { Journal } from './log/journal/journal.js'
import { LocalStore } from './log/stores/local/store.js'
import { refuseUnsafe, sayFinding } from './log/stores/redis/posture.js'
import { RedisStore } from './log/stores/redis/store.js'
import type { Store } from './log/stores/store.js'
import type { Health } from './service/health.js'

/** How long a start waits for the store before it goes on with what the journal knows. */
const STORE_PATIENCE_MS = 3_000

export async function openStore(config: Config, journal: Journal, logger: FastifyBaseLogger): Promise<Store> {
  if (config.redisUrl === undefined) return new LocalStore(journal)
  const store = new RedisStore({
    url: config.redisUrl,
    environment: config.environment,
    onEvent: event => logger.info({ redis: event }, 'redis connection'),
  })
  await store.whenReady(STORE_PATIENCE_MS).catch(error => logger.warn((error as Error).message))
  return store
}

/** What the store's set-up lacks is said once and stays on /readyz; what cannot hold a log refuses the start. */
export async function checkPosture(
  store: Store,
  health: Health,
  logger: FastifyBaseLogger,
  clock: Clock,
): Promise<void> {
  if (!(store instanceof RedisStore)) return
  const findings = await store.posture(clock).catch(error => {
    logger.warn(`The posture of Redis could not be checked: ${(error as Error).message}`)
    return []
  })
  refuseUnsafe(findings)
  const warnings = findings.filter(finding => finding.level === 'warning')
  for (const finding of warnings) logger.warn({ check: finding.check }, sayFinding(finding))
  health.posture = warnings.map(finding => ({
    code: `redis-${finding.check}`,
    detail: sayFinding(finding),
  }))
}

/** A journal belongs to one environment. Throws `configuration`. */
export async function assertEnvironment(journal: Journal, environment: string): Promise<void> {
  const [first] = await journal.read(0, { limit: 1 })
  const found = first === undefined ? environment : (JSON.parse(first) as { environment: string }).environment
  if (found === environment) return
  throw new KillswitchError(
    'configuration',
    `The journal in ${journal.folder} is of environment "${found}", and KILLSWITCH_ENVIRONMENT is "${environment}": give each its own KILLSWITCH_DATA_DIR.`,
  )
}
