// Puts together what signs the log: the key, the tree, and who is told. Part of the composition root.

import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.js'
import type { Log } from './log/follow/known-log.js'
import { Checkpoints } from './log/proof/checkpoints.js'
import type { Tree } from './log/proof/tree.js'
import type { Health } from './service/health.js'
import { ensureLogKey, readLogKey } from './tokens/log-key.js'

const HOUR_MS = 3_600_000

type Given = { log: Log; tree: Tree; health: Health }

/** Throws `configuration` where the key that was given cannot be used. */
export async function openCheckpoints(config: Config, { log, tree, health }: Given): Promise<Checkpoints> {
  const { logKeyFile, redisUrl, dataDir, environment } = config
  const ownKey = () => (redisUrl === undefined ? ensureLogKey(dataDir) : undefined)
  const key = await (logKeyFile === undefined ? ownKey() : readLogKey(logKeyFile))
  return new Checkpoints({ log, tree, environment, key, isCurrent: () => health.isLive() && log.isJournaled })
}

/** Once at the start and then every hour: standard output is kept where this service cannot reach. */
export function sayCheckpoints(
  checkpoints: Checkpoints,
  config: Config,
  logger: FastifyBaseLogger,
): () => void {
  const { verifierKey } = checkpoints
  if (verifierKey !== undefined)
    logger.info({ verifierKey }, 'checkpoints of the log are verified with this key')
  else if (config.redisUrl !== undefined && config.logKeyFile === undefined)
    logger.warn(
      'Checkpoints of the log are not signed: on Redis the key is given with KILLSWITCH_LOG_KEY_FILE, the same to all ' +
        'instances (openssl genpkey -algorithm ed25519 -out log.key).',
    )
  return checkpoints.tellEvery(HOUR_MS, (checkpoint, head) =>
    logger.info({ checkpoint, head }, 'checkpoint of the log'),
  )
}
