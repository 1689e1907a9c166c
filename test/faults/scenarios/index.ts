// The scenarios there are, in the order of the fault table. Each is a file of its own beside this one.

import { backupUnderApps } from './backup-under-apps.js'
import { CRASHES } from './crash.js'
import { CRASH_CORE } from './crash-core.js'
import { CUTS } from './cuts.js'
import { FAILING_DISK } from './failing-disk.js'
import { clusterFailover, sentinelFailover } from './failover.js'
import { FULL_DISKS } from './full-disk.js'
import { LATE_RESTORE } from './late-restore.js'
import { lostLog } from './lost-log.js'
import { oldBackup } from './old-backup.js'
import { REDIS_HUNG, REDIS_KILLED } from './redis-down.js'
import type { Scenario } from './scenario.js'

export const SCENARIOS: readonly Scenario[] = [
  CRASH_CORE,
  ...CRASHES,
  REDIS_KILLED,
  REDIS_HUNG,
  CUTS,
  LATE_RESTORE,
  lostLog,
  oldBackup,
  backupUnderApps,
  sentinelFailover,
  clusterFailover,
  ...FULL_DISKS,
  FAILING_DISK,
]

/** By names with commas between, or `all`. Throws on a name that there is not. */
export function scenariosNamed(names: string): Scenario[] {
  if (names === 'all') return [...SCENARIOS]
  return names.split(',').map(name => {
    const found = SCENARIOS.find(scenario => scenario.name === name)
    if (found !== undefined) return found
    throw new Error(`there is no scenario "${name}": ${SCENARIOS.map(each => each.name).join(', ')}`)
  })
}
