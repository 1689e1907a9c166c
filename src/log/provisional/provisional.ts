// Kills while the store is away: taken here, told to this instance's apps at once, and brought into the log when the
// store is back. A kill needs one journal, not a store.

import { type Clock, notAfter, toTimestamp } from '../../domain/clock.js'
import { by, KillswitchError } from '../../domain/errors.js'
import { decideKill, type Kill } from '../../domain/flip/kill.js'
import { holdsOf, provisionalId } from '../../domain/flip/provisional.js'
import { type Draft, type Entry, open } from '../../domain/log/audit.js'
import { outOfFiles, outOfFilesIn } from '../../domain/out-of-files.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Gate } from '../gate/gate.js'
import type { Asked, Taken } from '../submit.js'
import { NotTakenBack, type ProvisionalFile } from './provisional-file.js'

export class Provisional {
  readonly #file: ProvisionalFile<Kill>
  readonly #log: KnownLog
  readonly #gate: Gate
  readonly #onFault: (error: unknown) => void
  readonly #environment: string
  readonly #clock: Clock
  #kills: readonly Kill[]
  /** Some of what is in the file has come into the log. */
  #isFileBehind = false
  readonly #underWay = new Set<{ kill: Kill; kept: Promise<void> }>()
  #merging: Promise<void> | undefined

  private constructor(parts: Parts, kills: Kill[]) {
    this.#file = parts.file
    this.#log = parts.log
    this.#gate = parts.gate
    this.#onFault = parts.onFault
    this.#environment = parts.environment
    this.#clock = parts.clock
    this.#kills = kills
    this.#log.serve(kills)
  }

  /** Takes up what an earlier run of this instance had not brought into the log yet. */
  static async open(parts: Parts): Promise<Provisional> {
    const kills = unique(await parts.file.read())
    await parts.file.open()
    return new Provisional(parts, kills)
  }

  get kills(): readonly Kill[] {
    return this.#kills
  }

  find(actor: string, key: string): Kill | undefined {
    return this.#kills.find(kill => provisionalId(kill) === `${actor}\n${key}`)
  }

  /**
   * Takes a kill that the gate could not commit. The rules are asked all the same, on what this instance knows: who may not
   * kill may not now. Throws the refusal, `key-reused`, `journal-broken`, `out-of-files`, or `outcome-unknown`.
   */
  async instead(asked: Asked, error: unknown): Promise<Taken> {
    const { actor, key, kill } = asked
    const known = this.find(actor, key)
    if (known !== undefined) return this.#again(known, asked)
    if (kill === undefined) throw error
    const { refusal, isCounted, drafts } = asked.decide(this.#log.known, this.#clock())
    if (refusal !== undefined) throw refusal
    // the log's hold may be over by now: what is kept here, or is about to be, holds on
    const same = (each: Kill) => coversKill(each, kill)
    const underWay = () => [...this.#underWay].find(each => same(each.kill))
    for (let other = underWay(); isCounted && other !== undefined; other = underWay())
      await other.kept.catch(() => undefined)
    if (isCounted && this.#kills.some(same))
      return {
        entries: this.unwritten(drafts),
        durability: 'provisional',
        replayed: false,
        isCounted: true,
      }
    await this.#takeOne(kill).catch(failure => {
      // what was sent may have been done: then nobody may be told that nothing was
      throw error instanceof KillswitchError && error.code === 'outcome-unknown' ? error : failure
    })
    this.#gate.forget(actor, key)
    return { entries: this.entriesOf(kill), durability: 'provisional', replayed: false }
  }

  /** What its entries will be, but for their place. */
  entriesOf(kill: Kill): Entry[] {
    const { drafts } = decideKill(this.#log.state, kill, 'accepted')
    return this.unwritten(drafts)
  }

  /** What is told of entries without a place. */
  unwritten(drafts: readonly Draft[]): Entry[] {
    return drafts.map(draft => ({
      ...draft,
      v: 1,
      epoch: 0,
      seq: 0,
      at: draft.receivedAt,
      environment: this.#environment,
      prev: '',
    }))
  }

  #again(kill: Kill, { key, digest }: Asked): Taken {
    if (kill.request.digest === digest)
      return { entries: this.entriesOf(kill), durability: 'provisional', replayed: true }
    throw new KillswitchError('key-reused', `The Idempotency-Key "${key}" was used for another request.`, {
      flip: key,
      wayOut: [by('Send a new key.')],
    })
  }

  #takeOne(kill: Kill): Promise<void> {
    const taking = { kill, kept: this.take([kill]).finally(() => this.#underWay.delete(taking)) }
    this.#underWay.add(taking)
    return taking.kept
  }

  /** Durable on this instance's disk, and told to its apps, when it resolves. Throws `journal-broken`, `out-of-files`, or `outcome-unknown`. */
  async take(kills: readonly Kill[]): Promise<void> {
    const [first] = kills
    if (first === undefined) return
    // in the file's turn: a rewrite that comes next has them, and none that could not be kept
    const keep = () => this.#keep([...this.#kills, ...kills])
    await this.#file.append(kills, keep).catch(error => {
      const outOf = outOfFilesIn(error)
      if (outOf !== undefined) throw outOfFiles(outOf, error)
      const isInDoubt = error instanceof NotTakenBack
      const rest = isInDoubt
        ? 'This may be done at the next start of this instance, or not.'
        : 'Nothing was done.'
      const wayOut = isInDoubt
        ? 'Kill on another instance, with the same Idempotency-Key: it is never done twice.'
        : 'Kill on another instance.'
      throw new KillswitchError(
        isInDoubt ? 'outcome-unknown' : 'journal-broken',
        `The store is away, and this instance cannot keep the kill on its own disk (${error.message}). ${rest}`,
        { ...(isInDoubt && first ? { flip: first.request.key } : {}), wayOut: [by(wayOut)] },
        error,
      )
    })
  }

  /** Called while the store answers. One at a time; what cannot be brought in yet stays. */
  merge(): void {
    if ((this.#kills.length === 0 && !this.#isFileBehind) || this.#merging) return
    this.#merging = this.#mergeAll()
      .catch(this.#onFault)
      .finally(() => {
        this.#merging = undefined
      })
  }

  async close(): Promise<void> {
    await this.#merging
    await this.#file.close()
  }

  async #mergeAll(): Promise<void> {
    const kills = this.#kills
    for (let from = 0; from < kills.length; from += MERGED_AT_ONCE) {
      // together, so that the gate commits them together
      const some = kills.slice(from, from + MERGED_AT_ONCE)
      const done = await Promise.all(some.map(kill => this.#mergeOne(kill)))
      // themselves, not their ids: a branch that was left may have had one of them taken again meanwhile
      const merged = new Set(some.filter((_, index) => done[index]))
      if (merged.size === 0) continue
      this.#keep(this.#kills.filter(kill => !merged.has(kill)))
      this.#isFileBehind = true
      await this.#rewrite()
    }
    await this.#rewrite()
  }

  /** Where it fails, again with the next look: what is left in the file a start would bring in once more. */
  async #rewrite(): Promise<void> {
    if (!this.#isFileBehind) return
    await this.#file.rewrite(() => this.#kills)
    this.#isFileBehind = false
  }

  /** Whether it is done with: in the log, or refused by the rules as they are now. */
  async #mergeOne(kill: Kill): Promise<boolean> {
    const { actor, request, receivedAt, flags } = kill
    // nothing un-kills: without its definition it waits for one, in force as far as it can be
    if (!flags.every(flag => this.#log.state.flags.has(flag))) return false
    const ask = { priority: 'kill' as const, actor: actor.id, key: request.key, digest: request.digest }
    try {
      const { replayed, places } = await this.#gate.submit({
        ...ask,
        receivedAt: Date.parse(receivedAt),
        decide: state => {
          const dated = { ...kill, receivedAt: notAfter(receivedAt, this.#clock()) }
          return decideKill(state, dated, 'accepted')
        },
      })
      if (!replayed) return true
      // a branch that began inside a step run: the log has its first entry, and not these
      const cutOff = await this.#missing(kill, places)
      if (cutOff.length > 0 && !(await this.#mergeOne(renamed({ ...kill, flags: cutOff })))) return false
      // an earlier attempt had landed after all: its entry does not say that it makes an end of these holds
      await this.#note(kill)
      return true
    } catch (error) {
      const code = error instanceof KillswitchError ? error.code : undefined
      // the key stands for something else in the log: an acknowledged kill comes in all the same, under a new one
      if (code === 'key-reused') {
        const isDone = await this.#mergeOne(renamed(kill))
        if (isDone) await this.#note(kill)
        return isDone
      }
      if (code === undefined) this.#onFault(error)
      return false
    }
  }

  /** The flags of which the entries at these places have no kill. */
  async #missing(kill: Kill, places: readonly number[]): Promise<string[]> {
    const lines = await Promise.all(places.map(place => this.#log.line(place)))
    // what this journal has lost may have been them
    if (lines.includes(undefined)) return []
    const killed = lines.map(line => open(line as string).entry).filter(({ action }) => action === 'kill')
    return kill.flags.filter(flag => !killed.some(each => each.flag === flag))
  }

  async #note(kill: Kill): Promise<void> {
    const key = `merged-${kill.actor.id}-${kill.request.key}`.slice(0, 200)
    const draft = (now: number): Draft => ({
      action: 'hold.merged',
      outcome: 'applied',
      actor: { id: 'killswitch', role: 'owner', via: 'service' },
      receivedAt: toTimestamp(now),
      merged: holdsOf(kill).map(hold => hold.id),
      request: { id: key, key, digest: key },
    })
    await this.#gate.submit({
      priority: 'note',
      actor: 'killswitch',
      key,
      digest: key,
      decide: (_, now) => ({ drafts: [draft(now)] }),
    })
  }

  #keep(kills: readonly Kill[]): void {
    this.#kills = unique(kills)
    this.#log.serve(this.#kills)
  }
}

type Parts = {
  file: ProvisionalFile<Kill>
  log: KnownLog
  gate: Gate
  environment: string
  clock: Clock
  onFault: (error: unknown) => void
}

/** Whether a kill puts the same holds: one per incident, or per actor where no incident is named. */
const coversKill = (kill: Kill, other: Kill): boolean =>
  kill.incident === other.incident &&
  (kill.incident !== undefined || kill.actor.id === other.actor.id) &&
  other.flags.every(flag => kill.flags.includes(flag))

/** So many, and kills that are asked for meanwhile come between. */
const MERGED_AT_ONCE = 64

/** Deterministic, so that it comes in once. Its holds get new ids: the old ones are told as merged. */
const renamed = (kill: Kill): Kill => ({
  ...kill,
  request: { ...kill.request, key: `${kill.request.key}~`.slice(-128), digest: `${kill.request.digest}~` },
})

const unique = (kills: readonly Kill[]): Kill[] => [
  ...new Map(kills.map(kill => [provisionalId(kill), kill])).values(),
]
