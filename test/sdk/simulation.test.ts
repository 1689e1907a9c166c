// The simulation: an app over thousands of seeds of drops, stalls, reorderings, stale instances, lost histories,
// reinstalled services, corrupt cache files and restarts. Asserts I8 (never goes back) and I9 (evaluation is total)
// after every step, and that all is well again when the faults end. Believed for its negative control alone.

import assert from 'node:assert/strict'
import t from 'tap'
import type { ReleaseRule } from '../../sdk/src/follow/apply.js'
import type { Generation } from '../../sdk/src/keep/cache.js'
import { Killswitch } from '../../sdk/src/killswitch.js'
import type { Receipt } from '../../src/wire/receipt.js'
import { Oracle } from './oracle.js'
import { FLAGS, Instance, Log } from './simulated-service.js'
import { World } from './world.js'

const SEEDS = Number(process.env.KILLSWITCH_SEEDS ?? 600)

class Simulation {
  readonly world: World
  readonly oracle = new Oracle()
  readonly instances: Instance[]
  log = new Log('log-0')
  sdk: Killswitch
  /** No history was lost: the state must equal the log's in the end. */
  clean = true
  private readonly disk = new Map<Generation, string>()
  /** What was on the disk once. */
  private readonly backups: string[] = []
  private logs = 0
  private holds = 0
  private readonly receipts = new Map<string, number>()
  private receipt: Receipt | undefined
  /** Holds of entries and logs that are gone, and those of them that somebody released in the apps. */
  private readonly lost: string[] = []
  private readonly released: string[] = []
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
    if (!this.clean) await this.reconcile()
    void this.sdk.close()
    await this.world.run(2000)
  }

  private instance(url: string): Instance {
    const onReceipt = (receipt: Receipt) => {
      const { instance, log, revision, session, number = 0 } = receipt
      this.checkAnswer(receipt)
      if (number > (this.receipts.get(session ?? '') ?? 0)) this.receipt = receipt
      this.receipts.set(session ?? '', Math.max(number, this.receipts.get(session ?? '') ?? 0))
      const key = `${instance} ${log}`
      if (revision < (this.receipts.get(key) ?? 0)) this.faults.push(`I8: a receipt of ${log} went back`)
      this.receipts.set(key, revision)
    }
    return new Instance(this.world, url, this.log, shown => this.oracle.show(shown), onReceipt)
  }

  private boot(): Killswitch {
    const silent = { warn() {}, error() {} }
    const disk = {
      read: (generation: Generation) => this.disk.get(generation),
      write: async (text: string, generation: Generation) => {
        this.disk.set(generation, text)
        this.backups.push(text)
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
      () => this.restartDamaged(),
      () => this.restart(),
      () => this.restartDamaged(),
      () => (world.random() < 0.3 ? this.restartCorrupt() : undefined),
      () => (world.random() < 0.3 ? this.reinstall() : undefined),
      () => (world.random() < 0.3 ? this.loseHistory() : undefined),
      () => this.release(),
    ]
    await world.pick(acts)()
  }

  /** Somebody lets the apps go of a hold that the log does not have. */
  private release(): void {
    if (this.lost.length > 0) this.released.push(this.world.pick(this.lost))
  }

  private catchUp(instance: Instance): void {
    if (instance.upstream === 'live') instance.released = [...this.released]
    instance.catchUp()
  }

  private catchUpSome(): void {
    for (const instance of this.instances) if (this.world.random() < 0.7) this.catchUp(instance)
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

  /** One of the two files is damaged, or put back from a backup: no kill is given up. */
  private async restartDamaged(): Promise<void> {
    void this.sdk.close()
    await this.world.run(600)
    const generation = this.world.pick(['newest', 'before'] as const)
    const text = this.disk.get(generation)
    if (text !== undefined)
      this.disk.set(
        generation,
        this.world.random() < 0.5 ? this.damaged(text) : this.world.pick(this.backups),
      )
    this.sdk = this.boot()
    void this.sdk.start()
    this.check()
  }

  private damaged(text: string): string {
    const at = Math.floor(this.world.random() * text.length)
    return this.world.random() < 0.5 ? text.slice(0, at) : `${text.slice(0, at)}~${text.slice(at + 1)}`
  }

  private async restartCorrupt(): Promise<void> {
    void this.sdk.close()
    await this.world.run(600)
    for (const [generation, text] of this.disk) this.disk.set(generation, this.damaged(text))
    this.oracle.forget()
    this.receipts.clear()
    this.sdk = this.boot()
    void this.sdk.start()
  }

  /** The data directory was deleted and the service started afresh; some instances go on with the old log a while. */
  private reinstall(): void {
    this.clean = false
    this.lost.push(...this.log.entries.flatMap(({ kill, hold }) => (kill ? [hold] : [])))
    for (const { provisional } of this.instances) this.lost.push(...provisional.map(({ id }) => id))
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
    this.lost.push(...this.log.loseHistory(1 + Math.floor(this.world.random() * 4)))
  }

  private heal(): void {
    for (const instance of this.instances) this.revive(instance)
    this.merge()
    for (const instance of this.instances) this.catchUp(instance)
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

  /** What an app answers is what it was shown, and by then it evaluates what it says. */
  private checkAnswer({ answer, inForce = {}, holding = {} }: Receipt): void {
    const { shown } = this.oracle
    if (answer && !shown.has(`${answer.log} ${answer.revision} ${answer.hash}`))
      this.faults.push(`a receipt answers what nobody said: ${JSON.stringify(answer)}`)
    for (const flag of Object.keys(holding))
      if (inForce[flag] !== 'off') this.faults.push(`${flag} is held apart, and not in force`)
  }

  /** There is a way out of whatever became of the logs: what the app holds apart is released, and it is as the log says. */
  private async reconcile(): Promise<void> {
    this.released.push(...Object.values(this.receipt?.holding ?? {}).flat())
    for (const instance of this.instances) this.catchUp(instance)
    await this.world.run(40_000)
    for (const flag of FLAGS)
      assert.equal(
        this.sdk.isKilled(flag),
        this.log.isKilled(flag),
        `${flag} is stuck after it was reconciled`,
      )
    assert.ok(this.receipt)
    assert.equal(this.receipt.holding, undefined)
    for (const [flag, shown] of Object.entries(this.receipt?.inForce ?? {}))
      assert.equal(shown, this.log.isKilled(flag) ? 'off' : null, `${flag} is not what the last receipt says`)
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
