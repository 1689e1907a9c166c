// A kill switch for users' own tests: the real rules and the real provider over a service in memory. One line to kill,
// one to restore; no network, no disk, nothing to wait for.

import type { FlagValue } from '../../src/wire/words.js'
import { fromSnapshot } from './follow/apply.js'
import type { Held, Snapshot, SnapshotFlag } from './follow/snapshot.js'
import type { Feed } from './internals.js'
import { Killswitch } from './killswitch.js'
import type { KillswitchOptions } from './options.js'
import { KillswitchProvider } from './provider.js'

/** A value is the normal one, and its kill is `false`; or both are given. */
export type FakeFlag = FlagValue | { normal: FlagValue; killed: FlagValue; message?: string }

export type FakeKillswitch = {
  provider: KillswitchProvider
  killswitch: Killswitch
  /** In force when it returns. A flag not named before becomes one that is normally `true`. */
  kill(key: string, why?: { incident?: string }): void
  restore(key: string): void
  /** The service goes away, and comes back. */
  lose(): void
  regain(): void
}

export function fakeKillswitch(
  flags: Record<string, FakeFlag> = {},
  options: Partial<KillswitchOptions> = {},
): FakeKillswitch {
  const service = new FakeService(flags)
  const killswitch = new Killswitch(
    { app: 'test', ...options, environment: 'test', cacheFile: false, receipts: false },
    { feed: feed => service.feedTo(feed) },
  )
  return {
    provider: new KillswitchProvider(killswitch),
    killswitch,
    kill: (key, why = {}) => service.kill(key, why),
    restore: key => service.restore(key),
    lose: () => service.feed?.lose(),
    regain: () => service.feed?.confirm(),
  }
}

class FakeService {
  feed: Feed | undefined
  private revision = 1
  private readonly flags = new Map<string, SnapshotFlag>()

  constructor(flags: Record<string, FakeFlag>) {
    for (const [key, flag] of Object.entries(flags)) this.flags.set(key, define(flag))
  }

  feedTo(feed: Feed): void {
    this.feed = feed
    this.publish()
    feed.confirm()
  }

  kill(key: string, { incident }: { incident?: string }): void {
    const flag = this.flags.get(key) ?? define(true)
    const place = this.revision + 1
    const held: Held = {
      variant: flag.killVariant,
      value: flag.variants[flag.killVariant] as FlagValue,
      since: new Date(0).toISOString(),
      holds: [`hold-${place}`],
      ...(incident === undefined ? {} : { incident }),
    }
    this.put(key, { ...flag, held })
  }

  restore(key: string): void {
    const flag = this.flags.get(key)
    if (!flag) throw new Error(`fake kill switch: "${key}" was neither named nor killed`)
    const { held: _released, ...normal } = flag
    this.put(key, normal)
  }

  private put(key: string, flag: SnapshotFlag): void {
    this.revision++
    this.flags.set(key, { ...flag, flipped: this.revision })
    this.publish()
  }

  private publish(): void {
    const snapshot: Snapshot = {
      v: 1,
      environment: 'test',
      log: 'fake',
      revision: this.revision,
      hash: '',
      catalogue: `fake-${this.revision}`,
      at: new Date(0).toISOString(),
      provisional: [],
      merged: [],
      released: [],
      flags: Object.fromEntries(this.flags),
    }
    this.feed?.take(fromSnapshot(snapshot))
  }
}

function define(flag: FakeFlag): SnapshotFlag {
  const both = typeof flag === 'object' && flag !== null && 'normal' in flag && 'killed' in flag
  const { normal, killed, message } = (both ? flag : { normal: flag, killed: false }) as {
    normal: FlagValue
    killed: FlagValue
    message?: string
  }
  return {
    application: 'test',
    variants: { normal, killed },
    defaultVariant: 'normal',
    killVariant: 'killed',
    metadata: {},
    effect: '',
    onStale: 'keep',
    flipped: 0,
    ...(message === undefined ? {} : { message }),
  }
}
