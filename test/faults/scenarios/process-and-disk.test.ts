import { CRASHES } from './crash.js'
import { CRASH_CORE } from './crash-core.js'
import { FAILING_DISK } from './failing-disk.js'
import { testFewRounds } from './few-rounds.js'
import { FULL_DISKS } from './full-disk.js'

testFewRounds([CRASH_CORE, ...CRASHES, ...FULL_DISKS, FAILING_DISK])
