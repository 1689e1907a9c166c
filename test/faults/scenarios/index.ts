// The scenarios there are, in the order of the fault table. Each is a file of its own beside this one.

import { clusterFailover, sentinelFailover } from './failover.js'
import { lostLog } from './lost-log.js'
import { oldBackup } from './old-backup.js'
import type { Scenario } from './scenario.js'

export const SCENARIOS: readonly Scenario[] = [lostLog, oldBackup, sentinelFailover, clusterFailover]

/** By names with commas between, or `all`. Throws on a name that there is not. */
export function scenariosNamed(names: string): Scenario[] {
  if (names === 'all') return [...SCENARIOS]
  return names.split(',').map(name => {
    const found = SCENARIOS.find(scenario => scenario.name === name)
    if (found !== undefined) return found
    throw new Error(`there is no scenario "${name}": ${SCENARIOS.map(each => each.name).join(', ')}`)
  })
}
