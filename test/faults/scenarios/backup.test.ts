import { backupUnderApps } from './backup-under-apps.js'
import { testFewRounds } from './few-rounds.js'

testFewRounds([backupUnderApps])
