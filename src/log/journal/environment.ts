// Whose journal it is: a data folder belongs to one environment.

import { by, KillswitchError } from '../../domain/errors.js'
import { parseEntry } from '../../domain/log/chain.js'
import type { Journal } from './journal.js'

/** Asks the first entry that can be read. Throws `configuration`. */
export async function assertEnvironment(journal: Journal, environment: string): Promise<void> {
  const [first] = await journal.read(0, { limit: 1 })
  const found = (first === undefined ? undefined : parseEntry(first)?.environment) ?? environment
  if (found === environment) return
  throw new KillswitchError(
    'configuration',
    `The journal in ${journal.folder} is of environment "${found}", and KILLSWITCH_ENVIRONMENT is "${environment}".`,
    { wayOut: [by('Give each its own KILLSWITCH_DATA_DIR.')] },
  )
}
