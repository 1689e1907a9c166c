// The simulation: an app over thousands of seeds of drops, stalls, reorderings, stale instances, lost histories,
// reinstalled services, corrupt cache files and restarts. Asserts I8 (never goes back) and I9 (evaluation is total)
// after every step, and that all is well again when the faults end. Believed for its negative control alone.

import assert from 'node:assert/strict'
import t from 'tap'
import type { ReleaseRule } from '../../sdk/src/apply.js'
import { Killswitch } from '../../sdk/src/killswitch.js'
import { FLAGS, Instance, Log, type Shown } from './simulated-service.js'
import { World } from './world.js'

const SEEDS = Number(process.env.KILLSWITCH_SEEDS ?? 2000)

type Verdict = { place: number; held: boolean }

/** What the app was shown, and what follows from it; knows nothing of how the SDK is made. */
class Oracle {
  private verdicts = new Map<string, Verdict>()
  private provisional = new Map<string, string>()
  private merged = new Set<string>()
  private logs = new Set<string>()

  show(shown: Shown): void {
    this.logs.add(shown.log)
    for (const id of shown.merged) this.merged.add(id)
    for (const hold of shown.provisional) this.provisional.set(hold.id, hold.flag)
    for (const flag of FLAGS) {
      const key = `${shown.log} ${flag}`
      const place = shown.flipped[flag] ?? 0
      if (place >= (this.verdicts.get(key)?.place ?? 0))
        this.verdicts.set(key, { place, held: flag in shown.held })
    }
  }

  /** It was shown killed, and by nobody that may say so released. */
  mustBeKilled(flag: string): boolean {
    const open = [...this.provisional].some(([id, of]) => of === flag && !this.merged.has(id))
    if (open) return true
    const verdicts = [...this.logs]
      .map(log => this.verdicts.get(`${log} ${flag}`))
      .filter(v => v && v.place > 0)
    return verdicts.length > 0 && verdicts.every(verdict => verdict?.held)
  }

  forget(): void {
    this.verdicts = new Map()
    this.provisional = new Map()
    this.merged = new Set()
    this.logs = new Set()
  }
}

class Simulation {
  readonly world: World
  readonly oracle = new Oracle()
  readonly instances: Instance[]
  log = new Log('log-0')
  sdk: Killswitch
  /** No history was lost: the state must equal the log's in the end. */
  clean = true
  private disk: string | undefined
  private logs = 0
  private holds = 0
  private readonly receipts = new Map<string, number>()
  private readonly faults: string[] = []
  private readonly mayRelease: ReleaseRule | undefined

  constructor(seed: number, mayRelease?: ReleaseRule) {
    this.world = new World(seed)
    this.mayRelease = mayRelease
    const urls = ['http://a:1', 'http://b:1', 'http://c:1'].slice(0, 1 + Math.floor(this.world.random() * 3))
    this.instances = urls.map(url => this.instance(url))
    this.sdk = this.boot()
    this.world.onStep = () => this.check()
  }

  async play(): Promise<void> {
    void this.sdk.start()
    for (let act = 0; act < 40; act++) {
      await this.world.run(this.world.random() * 4000)
      await this.act()
      this.check()
    }
    this.heal()
    await this.world.run(90_000)
    this.checkHealed()
    void this.sdk.close()
    await this.world.run(2000)
  }

  private instance(url: string): Instance {
    const onReceipt = ({ instance, log, revision }: { instance: string; log: string; revision: number }) => {
      const key = `${instance} ${log}`
      if (revision < (this.receipts.get(key) ?? 0)) this.faults.push(`I8: a receipt of ${log} went back`)
      this.receipts.set(key, revision)
    }
    return new Instance(this.world, url, this.log, shown => this.oracle.show(shown), onReceipt)
  }

  private boot(): Killswitch {
    const silent = { warn() {}, error() {} }
    const disk = {
      read: () => this.disk,
      write: async (text: string) => {
        this.disk = text
      },
    }
    const url = this.instances.map(instance => instance.url)
    const internals = {
      runtime: this.world,
      disk,
      ...(this.mayRelease ? { mayRelease: this.mayRelease } : {}),
    }
    return new Killswitch({ url, token: 't', app: 'app', instance: 'one', logger: silent }, internals)
  }

  private async act(): Promise<void> {
    const { world, log } = this
    const one = world.pick(this.instances)
    const flag = world.pick(FLAGS)
    const acts: (() => void | Promise<void>)[] = [
      () => log.flip(flag, true),
      () => log.flip(flag, true),
      () => (log.isKilled(flag) ? log.flip(flag, false) : undefined),
      () => this.catchUpSome(),
      () => this.catchUpSome(),
      () => this.catchUpSome(),
      () => one.dropStreams(),
      () => one.stallStreams(),
      () => one.freeze(),
      () => one.publish(),
      () => one.crash(),
      () => one.bye(),
      () => this.revive(one),
      () => this.revive(one),
      () => one.killProvisionally(flag, `p-${++this.holds}`),
      () => this.merge(),
      () => this.restart(),
      () => this.restart(),
      () => (world.random() < 0.3 ? this.restartCorrupt() : undefined),
      () => (world.random() < 0.3 ? this.reinstall() : undefined),
      () => (world.random() < 0.3 ? this.loseHistory() : undefined),
    ]
    await world.pick(acts)()
  }

  private catchUpSome(): void {
    for (const instance of this.instances) if (this.world.random() < 0.7) instance.catchUp()
  }

  private revive(instance: Instance): void {
    if (instance.log !== this.log) {
      // another log is another process, and no stream outlives the one before
      instance.crash()
      instance.log = this.log
      instance.view = undefined
    }
    instance.up = true
    instance.upstream = 'live'
  }

  private merge(): void {
    for (const instance of this.instances)
      for (const hold of instance.provisional)
        if (!this.log.entries.some(entry => entry.merges === hold.id)) this.log.flip(hold.flag, true, hold.id)
  }

  private async restart(): Promise<void> {
    void this.sdk.close()
    await this.world.run(600)
    this.sdk = this.boot()
    void this.sdk.start()
    this.check()
  }

  private async restartCorrupt(): Promise<void> {
    void this.sdk.close()
    await this.world.run(600)
    if (this.disk) {
      const at = Math.floor(this.world.random() * this.disk.length)
      this.disk =
        this.world.random() < 0.5
          ? this.disk.slice(0, at)
          : `${this.disk.slice(0, at)}~${this.disk.slice(at + 1)}`
    }
    this.oracle.forget()
    this.receipts.clear()
    this.sdk = this.boot()
    void this.sdk.start()
  }

  /** The data directory was deleted and the service started afresh; some instances go on with the old log a while. */
  private reinstall(): void {
    this.clean = false
    this.log = new Log(`log-${++this.logs}`)
    for (const instance of this.instances) {
      if (this.world.random() < 0.3) continue
      instance.crash()
      instance.up = true
      instance.log = this.log
      instance.view = undefined
      instance.upstream = 'live'
      instance.provisional = []
    }
  }

  private loseHistory(): void {
    this.clean = false
    for (const instance of this.instances) if (this.world.random() < 0.3) instance.freeze()
    this.log.loseHistory(1 + Math.floor(this.world.random() * 4))
  }

  private heal(): void {
    for (const instance of this.instances) this.revive(instance)
    this.merge()
    for (const instance of this.instances) instance.catchUp()
  }

  private check(): void {
    assert.deepEqual(this.faults, [])
    for (const flag of FLAGS) {
      const killed = this.sdk.isKilled(flag)
      const value = this.sdk.value(flag, { targetingKey: 'x' })
      assert.equal(typeof killed, 'boolean')
      assert.ok(value === undefined || typeof value === 'boolean', 'I9')
      if (killed) assert.equal(value, false, `I9: ${flag} is killed and answers ${String(value)}`)
      if (this.oracle.mustBeKilled(flag)) assert.ok(killed, `I8: ${flag} went back`)
    }
  }

  private checkHealed(): void {
    this.check()
    for (const flag of FLAGS) {
      if (this.log.isKilled(flag))
        assert.ok(this.sdk.isKilled(flag), `${flag} is held and was not killed in the end`)
      if (this.clean) assert.equal(this.sdk.isKilled(flag), this.log.isKilled(flag), `${flag} is stuck`)
    }
    assert.equal(this.sdk.state.status, 'ready', 'not ready in the end')
  }
}

t.test(`an app never goes back and always answers, over ${SEEDS} seeds`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await new Simulation(seed).play()
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
    }
  }
})

t.test('without the rule that it never goes back, the simulation finds an app that did', async () => {
  let found = 0
  for (let seed = 1; seed <= 60; seed++) {
    await new Simulation(seed, () => true).play().catch((error: Error) => {
      if (error.message.startsWith('I8')) found++
      else throw error
    })
  }
  assert.ok(found > 0, 'the simulation proves nothing')
})
