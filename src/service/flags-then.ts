// The flags as the log had them at a time: of each its last flip before it, and the definition in force then. Reads the
// entry of a killed flag and the catalogue, and otherwise the index alone. What cannot be known is said, never guessed.

import { type Clock, toSecond, toTimestamp } from '../domain/clock.js'
import { KillswitchError } from '../domain/errors.js'
import type { Entry } from '../domain/log/audit.js'
import { assertPast } from '../domain/log/past.js'
import { killValue } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { CatalogueDocument, FlagDefinition } from '../wire/catalogue.js'
import type { FlagsThen, FlagThen } from '../wire/flag.js'
import type { FlagValue } from '../wire/words.js'
import { beginningOf } from './beginning.js'

const MOST_FLAGS = 10_000
const MOST_REDATED = 20
const LOADED = { action: 'catalogue.loaded', outcome: 'applied' } as const

type Then = { to: number; catalogue: CatalogueDocument | undefined; signal: AbortSignal }

export class PastFlags {
  readonly #log: LogState
  readonly #clock: Clock

  constructor(log: LogState, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Throws `malformed-request` for what is no time, and for one in the future. */
  async at(given: string, signal: AbortSignal): Promise<Omit<FlagsThen, 'environment'>> {
    const ms = assertPast('at', given, this.#clock())
    const { find } = this.#log
    const at = toTimestamp(ms)
    const to = await find.placeAt(ms, signal)
    const unknown: string[] = []
    if (to === 0) return { at, place: 0, flags: [], unknown: [await beginningOf(this.#log, signal)] }
    const document = await this.#catalogue({ to, signal }, unknown)
    if (document === undefined)
      unknown.push('The log had no catalogue by then: which flags there were besides these is not known.')
    unknown.push(...(await this.#doubtsOf(at, signal)))
    const names = await find.names('flag', MOST_FLAGS + 1, signal)
    if (names.length > MOST_FLAGS)
      unknown.push(`The log names more than ${MOST_FLAGS} flags: the others are left out.`)
    const flags: FlagThen[] = []
    for (const key of names.slice(0, MOST_FLAGS)) {
      const flag = await this.#flag(key, { to, catalogue: document, signal }, unknown)
      if (flag !== undefined) flags.push(flag)
    }
    return { at, place: to, flags, unknown: [...new Set(unknown)] }
  }

  /** Undefined where it was neither defined then nor held. */
  async #flag(key: string, then: Then, unknown: string[]): Promise<FlagThen | undefined> {
    const { to, catalogue, signal } = then
    const onUnreadable = (said: string) => unknown.push(said)
    const rows = this.#log.find.rows({ flipped: key }, { order: 'newest', to, signal, onUnreadable })
    const [last] = (await rows.next()).value ?? []
    const definition = catalogue?.flags.find(each => each.key === key)
    const isKilled = last !== undefined && last.facts.holds !== 0
    if (!isKilled && definition === undefined && (catalogue !== undefined || last === undefined))
      return undefined
    const flip = last === undefined ? undefined : await this.#entry(last.place, unknown)
    const application = definition?.application ?? flip?.application ?? last?.facts.application
    const about = {
      key,
      ...(application === undefined ? {} : { application }),
      killed: isKilled,
      ...(flip === undefined ? {} : { flip: flipOf(flip, last?.place as number) }),
    }
    if (!isKilled) return { ...about, variant: null, holds: [], ...normalOf(definition) }
    if (flip === undefined)
      return {
        ...about,
        variant: null,
        holds: [],
        unknown: 'Its last flip cannot be read: who held it, and at which value, is not known.',
      }
    const holds = await this.#holdsAfter(flip, last?.place as number, then)
    return {
      ...about,
      variant: flip.to ?? null,
      holds,
      ...(await this.#killedValue(flip, definition, signal)),
    }
  }

  /** The holds after a flip, as adoptions since then have moved them. */
  async #holdsAfter({ flag = '', holds = [] }: Entry, place: number, { to, signal }: Then) {
    const filter = { flag, action: 'incident.adopted', outcome: 'applied' } as const
    let now = [...holds]
    const places: number[] = []
    for await (const rows of this.#log.find.rows(filter, { order: 'newest', to, signal })) {
      places.push(...rows.map(row => row.place).filter(each => each > place))
      if (rows.some(row => row.place <= place)) break
    }
    for (const each of places.reverse()) {
      const { incident, adopted = [] } = (await this.#log.find.entry(each))?.entry ?? {}
      const isTaken = (id: string) => adopted.some(({ hold }) => hold === id)
      now = now.map(hold => (incident !== undefined && isTaken(hold.id) ? { ...hold, incident } : hold))
    }
    return now
  }

  /** A killed flag keeps the value that it was killed to, whatever its definition became: where the two differ, it is not sure. */
  async #killedValue(flip: Entry, definition: FlagDefinition | undefined, signal: AbortSignal) {
    const [oldest] = flip.holds ?? []
    const since = toTimestamp(Date.parse(oldest?.since ?? flip.at) + 1)
    const document = await this.#catalogue({ until: since, signal }, [])
    const before = document?.flags.find(each => each.key === flip.flag)
    const value = before && killValue(before)
    if (before === undefined || before.killVariant !== flip.to)
      return { unknown: 'Its definition then is not known, and so not the value that it had.' }
    if (definition !== undefined && same(killValue(definition), value)) return { value: value as FlagValue }
    if (definition === undefined)
      return { value: value as FlagValue, unknown: 'The catalogue then had it no more; a hold kept it.' }
    return { unknown: 'Its definition was changed while it was killed: the value that it had is not sure.' }
  }

  async #catalogue(
    { to, until, signal }: { to?: number; until?: string; signal: AbortSignal },
    unknown: string[],
  ): Promise<CatalogueDocument | undefined> {
    const filter = { ...LOADED, ...(until === undefined ? {} : { until }) }
    const options = { order: 'newest' as const, signal, ...(to === undefined ? {} : { to }) }
    const [row] = (await this.#log.find.rows(filter, options).next()).value ?? []
    return row && (await this.#entry(row.place, unknown))?.catalogue
  }

  /** Whether the hours of the log around that time may be wrong. */
  async #doubtsOf(at: string, signal: AbortSignal): Promise<string[]> {
    const filter = { action: 'log.redated', outcome: 'applied' } as const
    const { value = [] } = await this.#log.find.rows(filter, { order: 'newest', signal }).next()
    const rows: { place: number }[] = value
    const found = await Promise.all(rows.slice(0, MOST_REDATED).map(row => this.#log.find.entry(row.place)))
    return found.flatMap(each => {
      const { redated, at: anew } = each?.entry ?? {}
      return redated !== undefined && anew !== undefined && at >= anew && at <= redated.from
        ? [
            `A clock was ahead until the log was dated anew at ${toSecond(anew)}: entries of this time may be dated wrongly.`,
          ]
        : []
    })
  }

  async #entry(place: number, unknown: string[]): Promise<Entry | undefined> {
    try {
      return (await this.#log.find.entry(place))?.entry
    } catch (error) {
      if (!(error instanceof KillswitchError) || error.code !== 'journal-broken') throw error
      unknown.push(error.message)
      return undefined
    }
  }
}

function flipOf(entry: Entry, place: number): NonNullable<FlagThen['flip']> {
  const { at, action, actor, incident, reason } = entry
  return {
    ...{ place, at, action: action as 'kill' | 'restore', actor: actor.id },
    ...(incident === undefined ? {} : { incident }),
    ...(reason === undefined ? {} : { reason }),
  }
}

const normalOf = (definition: FlagDefinition | undefined): Pick<FlagThen, 'value' | 'unknown'> =>
  definition === undefined
    ? { unknown: 'Its definition then is not known, and so not the value that it had.' }
    : { value: definition.variants[definition.defaultVariant] as FlagValue }

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
