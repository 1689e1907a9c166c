// Publishes this instance's files: at a start once the log is known to its end, and whenever they have changed.

import type { FastifyBaseLogger } from 'fastify'
import { KillswitchError } from '../domain/errors.js'
import { outOfFilesIn } from '../domain/out-of-files.js'
import type { LogState } from '../log/state.js'
import type { Catalogue } from '../service/catalogue.js'

const AGAIN_MS = 500

/** What could not be read for want of a file to open is read once there is one. */
export function again(reload: () => Promise<void>): void {
  setTimeout(() => void reload(), AGAIN_MS).unref()
}

/** Publishes the files once the log is known to its end. With the store away: goes on with what the journal knows. */
export async function publishCatalogue(
  catalogue: Catalogue,
  log: LogState,
  logger: FastifyBaseLogger,
): Promise<void> {
  const publish = async () => {
    await log.toEnd()
    const done = await catalogue.publishAtStart()
    if (done === 'faulty')
      for (const fault of catalogue.faults) logger.error(`${fault.file}:${fault.line}: ${fault.message}`)
  }
  try {
    await publish()
  } catch (error) {
    if (error instanceof KillswitchError && error.code === 'configuration') throw error
    logger.warn(`The catalogue is not published yet: ${(error as Error).message}`)
    retryWhenLive(publish, log, logger)
  }
}

function retryWhenLive(publish: () => Promise<void>, log: LogState, logger: FastifyBaseLogger): void {
  const timer = setInterval(() => {
    if (!log.condition.isLive) return
    clearInterval(timer)
    publish().catch(error => {
      logger.warn(`The catalogue is not published yet: ${(error as Error).message}`)
      retryWhenLive(publish, log, logger)
    })
  }, AGAIN_MS)
  timer.unref()
}

/** Publishes what has changed. Never throws: a faulty catalogue is logged, and the one in force stays. */
export async function reloadCatalogue(catalogue: Catalogue, logger: FastifyBaseLogger): Promise<void> {
  try {
    logger.info(`catalogue reload: ${await catalogue.reload()}`)
  } catch (error) {
    logger.error({ code: (error as KillswitchError).code }, (error as Error).message)
    if (outOfFilesIn(error) !== undefined) again(() => reloadCatalogue(catalogue, logger))
  }
}
