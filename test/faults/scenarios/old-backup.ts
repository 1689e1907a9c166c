// Redis comes up with nothing, or with what it was some time ago. Age is told in entries: a service that flips a hundred
// times a day has a day-old backup a hundred entries behind. Sometimes an instance is down meanwhile, and alone has the newest.

import { emptyFiles, putBack, restartRedis } from '../faults.js'
import type { Instance } from '../world.js'
import type { Scenario, Seen } from './scenario.js'
import { UnderLoad } from './under-load.js'

/** The files of Redis, and how many entries were in them. */
type Backup = { folder: string; entries: number }

const KEPT = 6

export const oldBackup: Scenario = {
  name: 'old-backup',
  what: 'empty restart, and backups of any age in entries; two instances, 8 writers, 3 apps with the SDK',
  rounds: { bulk: 300, world: 20, test: 1 },
  async run(t, { seed, rounds }): Promise<Seen> {
    const load = await UnderLoad.start(t, { seed })
    const backups: Backup[] = []
    for (let round = 0; round < rounds; round++) {
      await load.someFlips(10)
      backups.push({ folder: load.world.backup(String(round)), entries: await entriesIn(load) })
      // the oldest is kept for as long as the world lives
      if (backups.length > KEPT) backups.splice(1 + Math.floor(load.random() * (KEPT - 1)), 1)
      await load.someFlips(5 + Math.floor(load.random() * 30))
      const absent = load.random() < 0.25 ? load.pick(load.world.instances) : undefined
      await goBack(load, load.random() < 0.25 ? undefined : load.pick(backups), absent)
      await load.wellAgain()
    }
    return load.judge()
  },
}

async function goBack(load: UnderLoad, backup: Backup | undefined, absent?: Instance): Promise<void> {
  const { world } = load
  world.inForce.add('an old backup')
  if (absent !== undefined) await world.killInstance(absent)
  const entries = await entriesIn(load)
  await restartRedis(world, 0, () =>
    backup === undefined ? emptyFiles(world) : putBack(world, backup.folder),
  )
  const upMs = performance.now()
  load.count(backup === undefined ? 'empty restarts' : 'backups put back')
  load.count('entries taken away', entries - (backup?.entries ?? 0))
  load.time('in the log again after Redis is up', (await load.firstInLog(upMs)).answeredMs - upMs)
  if (absent !== undefined) {
    load.count('instances that came later')
    await world.startInstance(absent)
  }
  world.inForce.delete('an old backup')
}

const entriesIn = async ({ world }: UnderLoad): Promise<number> => (await world.lines()).length
