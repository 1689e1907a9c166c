// A disk that reports errors (test/support/disks.ts): short counts, no space, failed syncs and failed repairs, at any write of
// the journal under eight writers. What was acknowledged is there once when a working disk is opened again.

import { type Faults, failingDisk } from '../../support/disks.js'
import { randomFrom } from '../../support/entries.js'
import { aGate, type Rig } from '../../support/gate.js'
import { testdir } from '../../support/testdir.js'
import { check, type Violation } from '../check.js'
import { newHistory, type Operation } from '../history.js'
import type { Scenario } from './scenario.js'

export const FAILING_DISK: Scenario = {
  name: 'failing-disk',
  what: 'a disk that fails a write, a sync or a repair',
  rounds: { bulk: 500, world: 50, test: 10 },
  async run(t, { seed, rounds }) {
    const random = randomFrom(seed)
    const folder = testdir(t)
    const operations: Operation[] = []
    const violations: Violation[] = []
    const counts = { acknowledged: 0, refused: 0 }
    for (let round = 0; round < rounds; round++) {
      const faults: Faults = {}
      const rig = await aGate(t, { folder, disk: failingDisk(faults), segmentBytes: 24 * 1024 })
      const writers = Array.from({ length: 8 }, (_, n) => write(rig, `${round}-${n}`, operations))
      await harm(faults, random)
      await Promise.all(writers)
      mend(faults)
      await rig.close()
      violations.push(...(await judge(folder, operations, round)))
    }
    for (const { attempts } of operations) counts[attempts[0]?.status === 200 ? 'acknowledged' : 'refused']++
    return { violations, counts }
  },
}

/** While the writers write: some writes go well, then one of the ways a disk fails, and perhaps it works again. */
async function harm(faults: Faults, random: () => number): Promise<void> {
  const turns = async (most: number) => {
    for (let n = Math.floor(random() * most); n > 0; n--) await new Promise(resolve => setImmediate(resolve))
  }
  await turns(200)
  const kind = random()
  if (kind < 0.25) faults.room = Math.floor(random() * 5_000)
  else if (kind < 0.45) faults.most = 1 + Math.floor(random() * 100)
  else if (kind < 0.6) faults.writeError = 'EIO'
  else faults.syncError = 'EIO'
  if (random() < 0.3) faults.truncateError = 'EIO'
  await turns(400)
  if (random() < 0.5) mend(faults)
}

function mend(faults: Faults): void {
  for (const name of Object.keys(faults)) delete faults[name as keyof Faults]
}

async function write(rig: Rig, name: string, operations: Operation[]): Promise<void> {
  for (let turn = 0; turn < 12; turn++) {
    const incident = `INC-${name}-${turn}`
    const flag = turn % 2 === 0 ? 'ai_v1' : 'kyc_v1'
    const key = `${name}-${turn}`
    const killed = await told(operations, 'kill', flag, incident, key, () =>
      rig.kill(flag, key, { incident }),
    )
    if (!killed || turn % 3 === 0) continue
    await told(operations, 'restore', flag, incident, `${key}-r`, () =>
      rig.restore(flag, `${key}-r`, { incident }),
    )
  }
}

async function told(
  operations: Operation[],
  kind: Operation['kind'],
  flag: string,
  incident: string,
  key: string,
  act: () => ReturnType<Rig['kill']>,
): Promise<boolean> {
  const sentMs = performance.now()
  const answer = await act().then(
    ({ places }) => ({ status: 200, place: places[0] as number }),
    (error: { code?: string }) => ({ status: error.code === 'outcome-unknown' ? 504 : 503 }),
  )
  const attempt = {
    instance: 0,
    sentMs,
    answeredMs: performance.now(),
    wasUp: false,
    during: 'a failing disk',
  }
  const actor = kind === 'kill' ? 'operator' : 'engineer'
  operations.push({ kind, actor, key, flag, incident, seen: 0, attempts: [{ ...attempt, ...answer }] })
  return answer.status === 200
}

/** On a disk that works, as after a repair. */
async function judge(folder: string, operations: Operation[], round: number): Promise<Violation[]> {
  const rig = await aGate({ after: () => {} }, { folder })
  const lines = (await rig.entries()).map(({ line }) => line)
  const flags = ['ai_v1', 'kyc_v1'].filter(flag => rig.isKilled(flag))
  await rig.close()
  const ending = { lines, journals: [], killed: [{ who: 'the service', flags }], resolved: new Map() }
  return check({ ...newHistory(), operations }, { ...ending, restarted: true }).map(
    ({ invariant, detail }) => ({
      invariant,
      detail: `${detail} (round ${round})`,
    }),
  )
}
