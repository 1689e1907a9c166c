// Keeps this instance's journal whole: what is found damaged, at the start or later, is written anew from the store, with
// lines that lead to the head this instance knows. Where the store has not got them either, nothing is replaced, and that is
// said; nothing is committed from a journal that is not known to its end, nor behind damage where the journal is the log.

import { KillswitchError } from '../../domain/errors.js'
import { type Head, placeOf } from '../../domain/log/audit.js'
import { outOfFilesIn } from '../../domain/out-of-files.js'
import type { StartDamage } from '../follow/after-damage.js'
import type { KnownLog } from '../follow/known-log.js'
import { replaceSegments } from '../journal/aside.js'
import { type Flaw, Inspection } from '../journal/inspect.js'
import type { Journal } from '../journal/journal.js'
import type { Store } from '../stores/store.js'
import { Copy } from './copy.js'
import { refill } from './refill.js'

/** How often the end of the journal is looked at, and how often some of the rest. */
const TAIL_MS = 2_000
const REST_MS = 60_000
/** All of it is looked at in so many turns: half an hour. */
const TURNS = 30

type Events = {
  onDamaged: (flaw: string) => void
  onMended: (fields: { problem: string; kept: string[] }) => void
  /** The journal was damaged at the start, and this instance knows the log again: it may be followed. */
  onFilled: () => void
  onFault: (error: unknown) => void
}

export class OwnDisk {
  readonly #log: KnownLog
  readonly #store: Store
  readonly #events: Events
  readonly #inspection: Inspection
  #flaw: Flaw | undefined
  #why: string | undefined
  #running: Promise<void> | undefined
  #timers: NodeJS.Timeout[] = []

  constructor(log: KnownLog, store: Store, events: Events) {
    this.#log = log
    this.#store = store
    this.#events = events
    this.#inspection = new Inspection(log.journal)
  }

  /** What is damaged and not mended yet, and why not. */
  get damage(): string | undefined {
    const problem = this.#log.damage?.problem ?? this.#flaw?.problem
    return problem && `${problem}. ${this.#why ?? 'It is being written anew from the store.'}`
  }

  /** Why nothing may be committed; undefined where it may. */
  get bar(): KillswitchError | undefined {
    const isBehind = this.#log.damage !== undefined
    if (!isBehind && (this.#flaw === undefined || this.#store.kind !== 'local')) return undefined
    return new KillswitchError(
      'store-unavailable',
      `The journal of this instance is damaged, and nothing is committed before it is put right: ${this.damage} Nothing was done.`,
      { cause: 'journal-damaged' },
    )
  }

  /** Whether the log may not be followed: what this instance knows of it ends at the damage. */
  get isBehind(): boolean {
    return this.#log.damage !== undefined
  }

  /** Resolves when what is being looked at or mended is done with. */
  async settled(): Promise<void> {
    await this.#running
  }

  start(): void {
    if (this.#log.damage === undefined) void this.lookAtAll()
    else {
      this.#events.onDamaged(this.#log.damage.problem)
      void this.look()
    }
    this.#timers = [
      setInterval(() => void (this.#running ?? this.look()), TAIL_MS),
      setInterval(() => void this.lookAtSome(), REST_MS),
    ]
    for (const timer of this.#timers) timer.unref()
  }

  /** Looks at the end of the journal, and tries again to mend what was found damaged. */
  look(): Promise<void> {
    return this.#inTurn(() => this.#inspection.tail())
  }

  lookAtSome(): Promise<void> {
    return this.#inTurn(async () => {
      for (let left = Math.ceil(this.#inspection.size / TURNS); left > 0; left--) {
        const flaw = await this.#inspection.next()
        if (flaw !== undefined) return flaw
      }
      return undefined
    })
  }

  /** Somebody found that the journal does not lead to its head. */
  lookAtAll(): Promise<void> {
    return this.#inTurn(() => this.#inspection.all())
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#running
  }

  /** One after the other: what is asked for looks at what is there when it was asked for. */
  #inTurn(inspect: () => Promise<Flaw | undefined>): Promise<void> {
    const done = (this.#running ?? Promise.resolve())
      .then(() => this.#lookAndMend(inspect))
      .catch(error => {
        // looked at the next time
        if (outOfFilesIn(error) === undefined) this.#events.onFault(error)
      })
      .finally(() => {
        if (this.#running === done) this.#running = undefined
      })
    this.#running = done
    return done
  }

  async #lookAndMend(inspect: () => Promise<Flaw | undefined>): Promise<void> {
    // a disk that fails says so itself, and takes nothing back
    if (this.#log.journal.broken !== undefined) return
    if (this.#log.damage !== undefined) return this.#fill(this.#log.damage)
    const before = this.#flaw
    this.#flaw ??= await inspect()
    try {
      // whoever damaged one file may have damaged more
      for (let tries = 0; this.#flaw !== undefined && tries <= this.#inspection.size; tries++) {
        if (before === undefined) this.#events.onDamaged(this.#flaw.problem)
        await this.#mend(this.#flaw)
      }
    } catch (error) {
      if (!(error instanceof KillswitchError)) throw error
      const isAlone = this.#store.kind === 'local'
      this.#why = isAlone ? ALONE : `It could not be written anew, and is tried again: ${error.detail}`
    }
  }

  async #fill(damage: StartDamage): Promise<void> {
    const { journal, head } = this.#log
    // a file that is put back is another than was opened
    if (this.#store.kind === 'local') {
      this.#why ??= await onlyCopy(journal, head)
      return
    }
    try {
      const kept = await refill(this.#log, this.#store, damage)
      this.#why = undefined
      this.#inspection.forget()
      this.#events.onMended({ problem: damage.problem, kept })
      this.#events.onFilled()
    } catch (error) {
      if (!(error instanceof KillswitchError)) throw error
      this.#why = `It could not be written anew from the store, and is tried again: ${error.detail} ${OR_A_COPY}`
    }
  }

  async #mend(flaw: Flaw): Promise<void> {
    const { journal } = this.#log
    const isFlawed = ({ first }: { first: number }) => flaw.segments.includes(first)
    const ranges = journal.segments().map(({ first }, at, all) => ({ first, end: all[at + 1]?.first }))
    const wanted = ranges.filter(isFlawed)
    const from = Math.min(...flaw.segments)
    const to = wanted.at(-1)?.end ?? Number.POSITIVE_INFINITY
    const copy = new Copy(this.#store, from, to)
    // most of it before, so that little is waited for where a flip wants to be written
    await copy.readTo(journal.head)
    const kept = await journal.exclusively(async inside => {
      // what is committed comes into the store first: nothing that this journal has is missing there
      await copy.readTo(journal.head)
      if (inside.segments.filter(isFlawed).length !== flaw.segments.length) return undefined
      const written = wanted.map(({ first, end }) => [first, copy.bytesOf(first, end)] as const)
      return replaceSegments(inside, journal.folder, new Map(written))
    })
    this.#inspection.forget()
    this.#flaw = await this.#inspection.all()
    this.#why = undefined
    if (kept !== undefined) this.#events.onMended({ problem: flaw.problem, kept })
  }
}

const ALONE =
  'Nobody else has the log, and nothing was replaced: put the files of log/ back from a copy, which is seen without a restart.'

const OR_A_COPY =
  'Where that stays so: put the files back from a copy and start it again, or start it with an empty KILLSWITCH_DATA_DIR where another instance has the log.'

/** The journal is the log, and nobody else has it. `head`: the last entry before the damage. */
async function onlyCopy(journal: Journal, head: Head): Promise<string> {
  const end = await journal.endOf(placeOf(head))
  const name = `${head.epoch}-${head.seq}`
  const cut =
    end === undefined
      ? `move log/ and checkpoint.json out of ${journal.folder}, which loses the log: kill again what has to stay killed`
      : `cut ${end.file} to ${end.offset} bytes and move the files of log/ after it and checkpoint.json away, which loses the entries after ${name}; their kills stay`
  return `Stop it, put the files of log/ back from a copy, and start it again. Only where there is no copy, ${cut}.`
}
