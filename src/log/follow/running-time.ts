// This instance's running time, which no correction of a clock moves: it goes on over restarts, and knows of each place of the
// log how long ago this instance took it in. Kept beside the journal now and then; without the file it begins anew.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../domain/clock.js'
import { type Age, KEY_KEPT_MS, type Mark, Marks } from '../../domain/log/age.js'
import { type Disk, realDisk, replaceFile } from '../journal/disk.js'

const SAVED_EVERY_MS = 60_000
/** Keys of entries that an instance finds in the log at its first start: when they came in, it cannot know. */
const MOST_FOUND = 200_000

/** What counts the time of one boot of the machine, in every process on it. Without `boot` nothing says whether it is the same. */
export type Steady = { now: Clock; boot: string | undefined }

type Kept = {
  v: 1
  boot?: string | undefined
  steady: number
  running: number
  knownFrom: number
  marks: Mark[]
}

/** `options.steady`: for tests, instead of the machine's own. */
type Options = { folder: string; steady?: Clock | undefined; disk?: Disk | undefined }

export class RunningTime {
  /** Milliseconds; compared within this instance only. */
  readonly now: Clock
  readonly #steady: Steady
  readonly #file: { path: string; disk: Disk } | undefined
  readonly #marks: Marks
  #forgotten = 0
  #savedAt: number
  #saving: Promise<void> = Promise.resolve()

  private constructor(steady: Steady, kept?: Kept, file?: { path: string; disk: Disk }) {
    const began = steady.now()
    // of another boot nobody knows how long it was away: for waits that is no time, and no permission outlives it
    const isSameBoot = kept !== undefined && steady.boot !== undefined && kept.boot === steady.boot
    const awayMs = isSameBoot && began >= kept.steady ? began - kept.steady : undefined
    const from = (kept?.running ?? 0) + (awayMs ?? 1)
    this.now = () => from + Math.max(0, steady.now() - began)
    this.#steady = steady
    this.#file = file
    this.#marks = new Marks(kept?.marks, awayMs === undefined ? from : kept?.knownFrom)
    this.#savedAt = from
    this.#forget()
  }

  /** Of a log in memory, or whose folder nobody opens again. */
  static fresh(steady: Clock = () => performance.now()): RunningTime {
    return new RunningTime({ now: steady, boot: undefined })
  }

  static async open({ folder, steady, disk = realDisk }: Options): Promise<RunningTime> {
    const path = join(folder, 'running-time.json')
    const source = steady === undefined ? await machineTime() : { now: steady, boot: 'given' }
    return new RunningTime(source, await read(path), { path, disk })
  }

  /** Entries up to this place have come in now. What is found before this instance knew the log's end has no age. */
  took(place: number): void {
    if (this.#marks.all.length > 0) this.#mark(place)
  }

  /** The log ends here now. */
  isCurrent(place: number): void {
    this.#mark(place)
  }

  /** The log was left after this place. */
  cut(place: number): void {
    this.#marks.cut(place)
  }

  ageOf(place: number): Age {
    return this.#marks.ageOf(place, this.now())
  }

  /** Whether the key of an entry, the oldest of so many keys, is remembered still. */
  keepsKey(place: number, known: number): boolean {
    return place > this.#forgotten && (place > this.#marks.foundUpTo || known <= MOST_FOUND)
  }

  /** Now and then; what cannot be written is written later. */
  saveIfDue(): void {
    if (this.now() - this.#savedAt >= SAVED_EVERY_MS) void this.save().catch(() => {})
  }

  async save(): Promise<void> {
    const file = this.#file
    if (file === undefined) return
    this.#savedAt = this.now()
    this.#saving = this.#saving.catch(() => {}).then(() => replaceFile(file.disk, file.path, this.#bytes()))
    await this.#saving
  }

  #bytes(): Buffer {
    const { boot, now } = this.#steady
    const { all, knownFrom } = this.#marks
    const kept: Kept = { v: 1, boot, steady: now(), running: this.now(), knownFrom, marks: [...all] }
    return Buffer.from(`${JSON.stringify(kept)}\n`)
  }

  #mark(place: number): void {
    this.#marks.add(place, this.now())
    this.#forget()
  }

  #forget(): void {
    this.#forgotten = this.#marks.placeAt(this.now() - KEY_KEPT_MS)
  }
}

/** A file that is damaged is as good as none: then nothing has an age yet. */
async function read(path: string): Promise<Kept | undefined> {
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as Kept
    const isWhole = kept.v === 1 && Number.isFinite(kept.running) && Array.isArray(kept.marks)
    return isWhole ? kept : undefined
  } catch {
    return undefined
  }
}

/** Linux counts it from the boot, whichever process asks; elsewhere a restart is of another boot. */
async function machineTime(): Promise<Steady> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined)
  return { now: () => Number(process.hrtime.bigint() / 1_000_000n), boot: boot?.trim() || undefined }
}
