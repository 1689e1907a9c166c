// An app as a model: it speaks the wire of sessions and receipts by a few lines of its own, and shares no code with the SDK
// or the service. Honest: what it says is what it does. It remembers every turn of its flags, so that what others claim of
// it can be held against that; and it can hang, crash, come up again and leave at a word.

import { randomUUID } from 'node:crypto'

export type Heard = {
  status: number
  headers: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by the model
  body: any
}
/** How it reaches a service; undefined where no answer came. */
export type Door = (
  method: 'GET' | 'POST',
  path: string,
  asked: { headers?: Record<string, string>; body?: object },
) => Promise<Heard | undefined>

type Flag = {
  killVariant: string
  /** Ids of the holds that it goes by. */
  held?: readonly string[]
  /** By log: the place of the newest flip that it has taken in. */
  seen: Readonly<Record<string, number>>
  staleAfterMs?: number
}
type Known = {
  log: string
  /** By log: the highest ever seen. */
  revisions: Readonly<Record<string, number>>
  flags: ReadonlyMap<string, Flag>
  /** Id to flag. */
  provisional: ReadonlyMap<string, string>
  answer: { log: string; revision: number; hash: string }
  holding: Readonly<Record<string, readonly string[]>>
  /** By hold, of those it goes by: what shows it back. */
  warrants: ReadonlyMap<string, string>
}
type ToldFlag = {
  killVariant: string
  flipped: number
  held?: { holds: string[]; warrants?: string[] }
  staleAfterSeconds?: number
  onStale?: string
}
type Told = {
  log: string
  revision: number
  hash: string
  provisional: { id: string; flag: string; warrant?: string }[]
  merged: string[]
  released: string[]
  flags: Record<string, ToldFlag>
}

/** What outlives the process, on its own disk. */
export type Left = { sessions: string[]; known?: Known }

export type ModelGiven = {
  wanted: string
  app: string
  flags: readonly string[]
  /** Of a process before it on the same disk. */
  left?: Left
  /** The clock of its record. */
  nowMs: () => number
  /** The clock of its life: what `staleAfterSeconds` is counted by. The same, where it does not say. */
  lifeMs?: () => number
  /** It shows what it holds beside the log. */
  shows?: boolean
}

export class ModelApp {
  readonly app: string
  readonly wanted: string
  readonly flags: readonly string[]
  readonly turns: { flag: string; on: boolean; atMs: number }[] = []
  readonly #process: string = randomUUID()
  readonly #given: ModelGiven
  readonly #startedAt = new Date().toISOString()
  #known: Known | undefined
  #predecessors: readonly string[]
  #heardMs: number
  #number = 0
  session: string | undefined
  /** The name it was given. */
  name: string
  knownMs: number | undefined
  leftMs: number | undefined
  /** Runs its feature, and neither hears nor says anything. */
  isHung = false
  isRunning = true

  constructor(given: ModelGiven) {
    this.#given = given
    this.app = given.app
    this.wanted = given.wanted
    this.name = given.wanted
    this.flags = given.flags
    this.#known = given.left?.known
    this.#predecessors = given.left?.sessions ?? []
    this.#heardMs = this.#life()
    this.look()
  }

  /** Whether the feature runs here, now. Without a word of anybody it does. */
  isOn(flag: string): boolean {
    return this.isRunning && !this.isOff(flag)
  }

  isOff(key: string): boolean {
    const flag = this.#known?.flags.get(key)
    if (flag?.held !== undefined) return true
    if ([...(this.#known?.provisional.values() ?? [])].includes(key)) return true
    return flag?.staleAfterMs !== undefined && this.#life() - this.#heardMs > flag.staleAfterMs
  }

  /** It has seen more of the log than what it heard last has. */
  get isAhead(): boolean {
    return this.highest > (this.#known?.answer.revision ?? 0)
  }

  /** The highest revision that it has seen of the log it answers. */
  get highest(): number {
    const { answer, revisions } = this.#known ?? {}
    return answer === undefined ? 0 : (revisions?.[answer.log] ?? 0)
  }

  /** Holds that it goes by, and that what it heard last does not have. */
  get holding(): string[] {
    return Object.values(this.#known?.holding ?? {}).flat()
  }

  /** Writes down what changed since it was looked at last. */
  look(): void {
    for (const flag of this.flags) {
      const on = this.isOn(flag)
      const last = this.turns.findLast(turn => turn.flag === flag)
      if (last?.on !== on) this.turns.push({ flag, on, atMs: this.#given.nowMs() })
    }
  }

  /** What it keeps on its disk. */
  get left(): Left {
    const sessions = this.session === undefined ? [...this.#predecessors] : [this.session]
    return { sessions, ...(this.#known === undefined ? {} : { known: this.#known }) }
  }

  /** Opens its session or goes on with it, and takes in the state. `isDeaf`: the answer is lost on its way. */
  async poll(door: Door, isDeaf = false): Promise<boolean> {
    if (!this.isRunning || this.isHung) return false
    const { session } = this
    const heard = await door('GET', '/v1/snapshot', {
      headers: {
        'killswitch-app': encodeURIComponent(this.app),
        'killswitch-instance': encodeURIComponent(session === undefined ? this.wanted : this.name),
        'killswitch-process': this.#process,
        ...(session === undefined ? {} : { 'killswitch-session': session }),
        ...(this.#predecessors.length > 0
          ? { 'killswitch-predecessors': this.#predecessors.slice(-8).join() }
          : {}),
      },
    })
    // it may have hung or ended while it waited
    if (heard?.status !== 200 || isDeaf || !this.isRunning || this.isHung) return false
    const { headers, body } = heard
    const [given, name] = [headers['killswitch-session'], headers['killswitch-instance']]
    if (typeof given === 'string') {
      this.session = given
      this.#predecessors = []
      if (typeof name === 'string') this.name = decodeURIComponent(name)
    }
    if (headers['killswitch-upstream'] !== 'stale') this.#heardMs = this.#life()
    this.#known = taken(this.#known, body as Told)
    this.look()
    if (this.session !== undefined) this.knownMs ??= this.#given.nowMs()
    return true
  }

  /** What it would say now. */
  receipt(more: object = {}): Record<string, unknown> {
    const known = this.#known
    const answer = known?.answer ?? { log: '', revision: 0, hash: '' }
    const inForce = Object.fromEntries(
      [...(known?.flags ?? [])]
        .filter(([key, { seen }]) => Object.keys(seen).length > 0 || this.isOff(key))
        .map(([key, { killVariant }]) => [key, this.isOff(key) ? killVariant : null]),
    )
    const now = new Date().toISOString()
    return {
      ...{ instance: this.name, app: this.app, log: answer.log, appliedAt: now, sdk: 'model/1' },
      revision: known?.revisions[answer.log] ?? 0,
      ...{ startedAt: this.#startedAt, boot: 'service' },
      ...(this.session === undefined
        ? {}
        : { session: this.session, number: ++this.#number, answer, inForce }),
      ...(this.session === undefined || known === undefined
        ? {}
        : { provisional: [...known.provisional.keys()], holding: known.holding, ...this.#shown(known) }),
      ...more,
    }
  }

  #shown({ warrants }: Known): { warrants?: string[] } {
    const shown = this.holding.flatMap(id => warrants.get(id) ?? []).slice(0, 50)
    return this.#given.shows && shown.length > 0 ? { warrants: shown } : {}
  }

  /** Says what it has applied; undefined where it could not. */
  async report(door: Door, more: object = {}): Promise<number | undefined> {
    if (!this.isRunning || this.isHung || this.session === undefined) return undefined
    // what it says is what it does at that moment, and a state that only got old is looked at by nobody else
    this.look()
    const heard = await door('POST', '/v1/receipts', { body: { receipts: [this.receipt(more)] } })
    if (heard?.status === 403 && heard.body?.code === 'unknown-session') {
      this.#predecessors = [this.session]
      this.session = undefined
    }
    return heard?.status
  }

  /** An orderly end: what it runs ends first, then it says so. Whether that was heard; where not, it may be said again. */
  async close(door: Door): Promise<boolean> {
    this.isHung = false
    this.#end()
    this.leftMs ??= this.#given.nowMs()
    if (this.session === undefined) return false
    const receipt = this.receipt({ closing: true })
    const heard = await door('POST', '/v1/receipts', { body: { receipts: [receipt] } })
    return heard?.status === 202
  }

  crash(): void {
    this.#end()
  }

  #end(): void {
    this.isRunning = false
    this.look()
  }

  #life(): number {
    return (this.#given.lifeMs ?? this.#given.nowMs)()
  }
}

/** A kill is taken from anybody; a release only from a log that flipped the flag beyond what is known of it there. */
function taken(known: Known | undefined, told: Told): Known {
  const { log, revision, hash } = told
  const highest = known?.revisions[log] ?? 0
  const isBehind = revision < highest
  const released = new Set(told.released)
  const flags = new Map<string, Flag>()
  const holding: Record<string, readonly string[]> = {}
  for (const key of new Set([...(known?.flags.keys() ?? []), ...Object.keys(told.flags)])) {
    const before = known?.flags.get(key)
    const now = told.flags[key]
    const seen = before?.seen[log] ?? 0
    const mayGo = now !== undefined && !isBehind && now.flipped > seen
    const kept = before?.held?.filter(id => !released.has(id)) ?? []
    const held = now?.held?.holds ?? (mayGo || kept.length === 0 ? undefined : kept)
    if (held !== undefined && now?.held === undefined) holding[key] = held
    const isTold = now?.held !== undefined || held === undefined || mayGo
    const place = isTold ? Math.max(seen, now?.flipped ?? 0) : seen
    const definition = isBehind && before !== undefined ? before : now
    const staleAfterMs =
      definition === now && now?.onStale === 'kill'
        ? (now.staleAfterSeconds ?? 0) * 1000
        : before?.staleAfterMs
    flags.set(key, {
      killVariant: now?.killVariant ?? (before?.killVariant as string),
      ...(held === undefined ? {} : { held }),
      seen: place > 0 ? { ...before?.seen, [log]: place } : (before?.seen ?? {}),
      ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    })
  }
  const provisional = new Map(known?.provisional)
  for (const { id, flag } of told.provisional) provisional.set(id, flag)
  for (const id of told.released) provisional.delete(id)
  for (const id of told.merged) {
    const flag = provisional.get(id)
    if (flag === undefined) continue
    const now = told.flags[flag]
    const isAccounted =
      now?.held !== undefined || (now?.flipped ?? 0) > (known?.flags.get(flag)?.seen[log] ?? 0)
    if (isAccounted) provisional.delete(id)
  }
  for (const [id, flag] of provisional)
    if (!told.provisional.some(each => each.id === id) && flags.get(flag)?.held === undefined)
      holding[flag] = [...(holding[flag] ?? []), id]
  const warrants = new Map(known?.warrants)
  for (const { held } of Object.values(told.flags))
    for (const [index, id] of (held?.holds ?? []).entries()) warrants.set(id, held?.warrants?.[index] ?? '')
  for (const { id, warrant = '' } of told.provisional) warrants.set(id, warrant)
  const inForce = new Set([...[...flags.values()].flatMap(flag => flag.held ?? []), ...provisional.keys()])
  for (const [id, warrant] of warrants) if (!inForce.has(id) || warrant === '') warrants.delete(id)
  return {
    ...{ log, flags, provisional, holding, warrants },
    revisions: { ...known?.revisions, [log]: Math.max(highest, revision) },
    answer: { log, revision, hash },
  }
}
