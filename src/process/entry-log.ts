// Every entry of the log as one line of the process log.

import type { FastifyBaseLogger } from 'fastify'
import type { SealedEntry } from '../domain/log/audit.js'

/** A catalogue by its digest: whole it would be larger than all the rest. */
export function sayEntries(entries: readonly SealedEntry[], logger: FastifyBaseLogger): void {
  for (const { entry } of entries) {
    const { catalogue, ...rest } = entry
    logger.info(
      { entry: catalogue ? { ...rest, catalogue: { digest: catalogue.digest } } : rest },
      `${entry.action} ${entry.flag ?? ''} ${entry.outcome}`.replace('  ', ' '),
    )
  }
}
