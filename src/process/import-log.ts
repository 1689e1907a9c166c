// Puts a whole log into a store that has none. Opens the log as the service does, and closes it again; for a process of its
// own, while the service is stopped.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Head } from '../domain/log/audit.js'
import { openLog } from '../log/open-log.js'

/** `environment`: the one of the log that is imported. */
export type Destination = { environment: string } & ({ dataDir: string } | { redisUrl: string })
type Portions = AsyncIterable<{ lines: readonly Buffer[] }>

/**
 * Resolves with the last entry once all of it is durable there; tells `onWritten` how many are. Throws `log-present` where
 * there is a log, and what `openLog` throws.
 */
export async function importLog(
  to: Destination,
  portions: Portions,
  onWritten: (entries: number) => void,
): Promise<Head> {
  const { environment } = to
  // into Redis nothing is kept here: an instance has the log from there when it starts
  const own = 'dataDir' in to ? undefined : await mkdtemp(join(tmpdir(), 'killswitch-import-'))
  try {
    const folder = 'dataDir' in to ? to.dataDir : (own as string)
    const log = await openLog({ folder, environment, ...('redisUrl' in to ? { redisUrl: to.redisUrl } : {}) })
    try {
      return await log.submit.lines(portions, onWritten)
    } finally {
      await log.close()
    }
  } finally {
    if (own !== undefined) await rm(own, { recursive: true, force: true })
  }
}
