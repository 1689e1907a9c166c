// The keys that sign the log, and who is told of them. Part of the composition root.

import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.js'
import { LogKeys } from '../domain/log/log-keys.js'
import type { LogState } from '../log/state.js'
import { ensureLogKeys, readLogKeys } from '../tokens/log-key.js'

const HOUR_MS = 3_600_000

/** Those that are given; an embedded service makes its own. Throws `configuration` where they cannot be used. */
export async function logKeys({ logKeyFile, redisUrl, dataDir }: Config): Promise<LogKeys> {
  if (logKeyFile !== undefined) return new LogKeys(await readLogKeys(logKeyFile))
  return new LogKeys(redisUrl === undefined ? await ensureLogKeys(dataDir) : [])
}

/** Once at the start and then every hour: standard output is kept where this service cannot reach. */
export function sayCheckpoints({ proof }: LogState, config: Config, logger: FastifyBaseLogger): () => void {
  const { verifierKey } = proof
  if (verifierKey !== undefined)
    logger.info({ verifierKey }, 'checkpoints of the log are verified with this key')
  else if (config.redisUrl !== undefined && config.logKeyFile === undefined)
    logger.warn(
      'Checkpoints of the log are not signed: on Redis the key is given with KILLSWITCH_LOG_KEY_FILE, the same to all ' +
        'instances (openssl genpkey -algorithm ed25519 -out log.key).',
    )
  return proof.tellEvery(HOUR_MS, (checkpoint, head) =>
    logger.info({ checkpoint, head }, 'checkpoint of the log'),
  )
}
