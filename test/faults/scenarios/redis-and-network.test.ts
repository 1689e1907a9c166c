import { CUTS } from './cuts.js'
import { testFewRounds } from './few-rounds.js'
import { LATE_RESTORE } from './late-restore.js'
import { REDIS_HUNG, REDIS_KILLED } from './redis-down.js'

testFewRounds([REDIS_KILLED, REDIS_HUNG, CUTS, LATE_RESTORE])
