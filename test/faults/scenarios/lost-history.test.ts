import { clusterFailover, sentinelFailover } from './failover.js'
import { testFewRounds } from './few-rounds.js'
import { lostLog } from './lost-log.js'
import { oldBackup } from './old-backup.js'

testFewRounds([lostLog, oldBackup, sentinelFailover, clusterFailover])
