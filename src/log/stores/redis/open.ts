// Opens the store on Redis at a start, and says what its set-up lacks.

import type { Store } from '../store.js'
import type { ConnectionEvent } from './connection.js'
import { conditionsOf, refuseUnsafe } from './posture.js'
import { RedisStore } from './store.js'

/** How long a start waits for the store before it goes on with what the journal knows. */
const PATIENCE_MS = 3_000

interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export async function openRedis(url: string, environment: string, logger: Logger): Promise<Store> {
  const onEvent = (event: ConnectionEvent) => logger.info({ redis: event }, 'redis connection')
  const redis = new RedisStore({ url, environment, onEvent })
  await redis.whenReady(PATIENCE_MS).catch(error => logger.warn({}, (error as Error).message))
  return redis
}

/** What the set-up lacks is said once and stays on /readyz; what cannot hold a log refuses the start. */
export async function postureOf(store: Store, logger: Logger) {
  if (!(store instanceof RedisStore)) return []
  const findings = await store.posture().catch(error => {
    logger.warn({}, `The posture of Redis could not be checked: ${(error as Error).message}`)
    return []
  })
  refuseUnsafe(findings)
  const conditions = conditionsOf(findings)
  for (const { code, detail } of conditions) logger.warn({ check: code }, detail)
  return conditions
}
