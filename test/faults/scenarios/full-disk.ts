// A disk that is full: a tmpfs for the data folder, filled to the last byte. Kills are taken out of the reserve, everything
// else is refused with a clear 503; with space again all is as before, and nothing is torn. Needs the right to mount.

import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomFrom } from '../../support/entries.js'
import type { Teardown } from '../../support/testdir.js'
import { until } from '../../support/until.js'
import { check, type Violation } from '../check.js'
import { fateOf } from '../history.js'
import { ask } from '../http.js'
import { FLAGS, type Instance, TOKENS, World } from '../world.js'
import { kill, tookMs } from './probe.js'
import type { Scenario, Seen } from './scenario.js'

const DISK_BYTES = 24 * 1024 * 1024

const scenario = (store: 'local' | 'redis'): Scenario => ({
  name: `full-disk-${store}`,
  what: `a full disk, ${store === 'local' ? 'local store' : 'Redis'}`,
  rounds: { bulk: 50, world: 25, test: 1 },
  run: (t, asked) => fullDisk(t, asked, store),
})

export const FULL_DISKS = [scenario('local'), scenario('redis')]

async function fullDisk(
  t: Teardown,
  { seed, rounds }: { seed: number; rounds: number },
  store: 'local' | 'redis',
): Promise<Seen> {
  const disk = mountDisk(t)
  if (typeof disk !== 'string') return { violations: [], skipped: disk.why }
  const random = randomFrom(seed)
  const given = {
    instances: 1,
    writers: 0,
    observers: 1,
    isLocal: store === 'local',
    dataDir: () => join(disk, 'data'),
  }
  const world = await World.start(t, { ...given, random: randomFrom(seed + 1) })
  const seen: Round = { violations: [], kills: [], recovery: [] }
  for (let n = 0; n < rounds; n++) await round(world, disk, n, random, seen)
  const violations = [...seen.violations, ...check(world.history, await world.ending())]
  const acknowledged = world.history.operations.filter(each => fateOf(each) === 'acknowledged').length
  await world.close()
  return {
    violations,
    times: { 'kill, disk full': seen.kills, 'restores again after space': seen.recovery },
    counts: { acknowledged },
  }
}

type Round = { violations: Violation[]; kills: number[]; recovery: number[] }

async function round(
  world: World,
  disk: string,
  n: number,
  random: () => number,
  seen: Round,
): Promise<void> {
  const instance = world.instances[0] as Instance
  const flag = FLAGS[n % FLAGS.length] as string
  await kill(world, instance, `before-${n}`, flag)
  const filler = join(disk, 'filler')
  fill(filler)
  // out of the reserve
  for (let each = Math.floor(random() * 20); each >= 0; each--) {
    seen.kills.push(tookMs(await kill(world, instance, `${n}-${each}`)))
  }
  if (random() < 0.3) {
    await world.killInstance(instance)
    await world.startInstance(instance)
    seen.kills.push(tookMs(await kill(world, instance, `${n}-restarted`)))
  }
  // the last page of a file may have room for some more
  for (let each = 0; each < 50 && !(await conditions(instance)).includes('disk-full'); each++)
    seen.kills.push(tookMs(await kill(world, instance, `${n}-more-${each}`)))
  const restore = world.operation('restore', flag, `PROBE-before-${n}`, `restore-${n}`)
  const { status, code } = await world.attempt(restore, instance)
  if (status !== 503 || code !== 'journal-broken')
    seen.violations.push({
      invariant: 'disk',
      detail: `a restore was answered ${status} ${code} in round ${n}`,
    })
  const codes = await conditions(instance)
  if (!codes.includes('disk-full'))
    seen.violations.push({
      invariant: 'disk',
      detail: `/readyz says ${codes} and not disk-full in round ${n}`,
    })
  rmSync(filler)
  const fromMs = performance.now()
  const again = world.operation('restore', flag, `PROBE-before-${n}`, `restore-again-${n}`)
  await until(async () => (await world.attempt(again, instance)).status === 200, 'restores again', 180_000)
  seen.recovery.push(performance.now() - fromMs)
}

async function conditions(instance: Instance): Promise<string[]> {
  const { body } = await ask('GET', `${instance.url}/readyz`, { token: TOKENS.viewer })
  return (body?.degraded ?? []).map(({ code }: { code: string }) => code)
}

/** To the last byte. */
function fill(file: string): void {
  const handle = openSync(file, 'a')
  try {
    for (let size = 1024 * 1024; size >= 1; ) {
      try {
        if (writeSync(handle, Buffer.alloc(size, 1)) < size) size = Math.floor(size / 2)
      } catch {
        size = Math.floor(size / 2)
      }
    }
  } finally {
    closeSync(handle)
  }
}

function mountDisk(t: Teardown): string | { why: string } {
  if (process.getuid?.() !== 0) return { why: 'only root may mount a tmpfs to fill' }
  const folder = mkdtempSync(join(tmpdir(), 'killswitch-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    rmSync(folder, { recursive: true })
    return { why: `a tmpfs cannot be mounted here: ${(error as Error).message}` }
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}
