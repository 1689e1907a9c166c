// What app services are told of the state: snapshot and change, limited to the applications of an audience, each made
// once per revision and not once per request.

import { createHash } from 'node:crypto'
import type { Hold } from '../domain/flip/hold.js'
import type { Kill } from '../domain/flip/kill.js'
import { toProvisionalHold } from '../domain/flip/provisional.js'
import { type FlagState, isKilled, killValue, type State } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { FlagDefinition } from '../wire/catalogue.js'
import type { Change, Held, Position, ProvisionalHold, Snapshot, SnapshotFlag } from '../wire/snapshot.js'
import type { Warrants } from './warrants.js'

/** The applications of a credential, as one name: `*` for all, else their ids in order. */
export const audienceOf = (apps: readonly string[] | undefined): string =>
  apps === undefined ? '*' : [...new Set(apps)].sort().join(',')

/** Whether an audience is told of an application. */
export const covers = (audience: string, application: string): boolean =>
  audience === '*' || audience.split(',').includes(application)

type Prepared = { snapshot?: { body: Buffer; etag: string }; change?: Change }

export class Snapshots {
  readonly #log: LogState
  readonly #environment: string
  readonly #warrants: Pick<Warrants, 'of'>
  #state: State | undefined
  #provisional: readonly Kill[] | undefined
  #prepared = new Map<string, Prepared>()

  constructor(log: LogState, environment: string, warrants: Pick<Warrants, 'of'>) {
    this.#log = log
    this.#environment = environment
    this.#warrants = warrants
  }

  /** The serialised snapshot and its strong ETag. */
  snapshot(audience: string): { body: Buffer; etag: string } {
    const prepared = this.#of(audience)
    prepared.snapshot ??= serialise(this.#snapshot(audience))
    return prepared.snapshot
  }

  change(audience: string): Change {
    const prepared = this.#of(audience)
    prepared.change ??= this.#change(audience)
    return prepared.change
  }

  get revision(): number {
    return this.#log.state.revision
  }

  #of(audience: string): Prepared {
    const { state } = this.#log
    // the same object while nothing an app is told of has changed
    if (
      state.revision !== this.#state?.revision ||
      state.log !== this.#state.log ||
      this.#provisional !== this.#log.provisional
    ) {
      this.#provisional = this.#log.provisional
      this.#state = state
      this.#prepared = new Map()
    }
    const known = this.#prepared.get(audience) ?? {}
    this.#prepared.set(audience, known)
    return known
  }

  #position(state: State, audience: string): Position & { v: 1 } {
    return {
      v: 1,
      environment: this.#environment,
      log: state.log ?? '',
      revision: state.revision,
      hash: state.revisionHash,
      catalogue: state.catalogue?.digest ?? '',
      at: state.revisedAt,
      provisional: this.#provisionalOf(flagsOf(this.#log.known, audience)),
      merged: [...state.merged],
      released: [...state.reconciled],
    }
  }

  #snapshot(audience: string): Snapshot {
    const { state } = this.#log
    const flags = flagsOf(state, audience).map(flag => [flag.definition.key, this.#flagOf(flag)] as const)
    return { ...this.#position(state, audience), flags: Object.fromEntries(flags) }
  }

  #change(audience: string): Change {
    const { state } = this.#log
    const flags = flagsOf(state, audience)
    const held = flags.filter(isKilled).map(flag => [flag.definition.key, this.#heldOf(flag)] as const)
    const flipped = flags
      .filter(flag => flag.flipped > 0)
      .map(flag => [flag.definition.key, flag.flipped] as const)
    return {
      ...this.#position(state, audience),
      held: Object.fromEntries(held),
      flipped: Object.fromEntries(flipped),
    }
  }

  #flagOf(flag: FlagState): SnapshotFlag {
    return { ...definitionOf(flag), ...(isKilled(flag) ? { held: this.#heldOf(flag) } : {}) }
  }

  #heldOf({ definition, holds }: FlagState): Held {
    const [oldest] = holds
    const warrants = this.#warrants.of(holds)
    return {
      variant: definition.killVariant,
      value: killValue(definition),
      since: oldest?.since ?? '',
      ...(oldest?.incident === undefined ? {} : { incident: oldest.incident }),
      holds: holds.map(hold => hold.id),
      ...(warrants === undefined ? {} : { warrants }),
    }
  }

  /** Held provisionally: told apart, because apps let go of it only when it is named as merged. */
  #provisionalOf(flags: readonly FlagState[]): ProvisionalHold[] {
    const told = (hold: Hold, flag: FlagState) => ({
      ...toProvisionalHold(hold, flag),
      ...warrantOf(this.#warrants.of([hold])?.[0]),
    })
    return flags.flatMap(flag => flag.holds.filter(hold => hold.provisional).map(hold => told(hold, flag)))
  }
}

const flagsOf = (state: State, audience: string): FlagState[] =>
  [...state.flags.values()].filter(flag => covers(audience, flag.definition.application))

const warrantOf = (warrant = '') => (warrant === '' ? {} : { warrant })

function definitionOf(flag: FlagState): SnapshotFlag {
  const {
    application,
    variants,
    defaultVariant,
    killVariant,
    targeting,
    metadata,
    effect,
    message,
    staleAfterSeconds,
    onStale,
  }: FlagDefinition = flag.definition
  return {
    application,
    variants: { ...variants },
    defaultVariant,
    killVariant,
    ...(targeting === undefined ? {} : { targeting: { ...targeting } }),
    metadata: { ...metadata },
    effect,
    ...(message === undefined ? {} : { message }),
    ...(staleAfterSeconds === undefined ? {} : { staleAfterSeconds }),
    onStale,
    flipped: flag.flipped,
  }
}

function serialise(snapshot: Snapshot): { body: Buffer; etag: string } {
  const body = Buffer.from(JSON.stringify(snapshot))
  return {
    body,
    etag: `"${snapshot.revision}-${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`,
  }
}
