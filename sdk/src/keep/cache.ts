// The last known state on disk: two lines, `<SHA-256 of the second> <format>` and one JSON document. It is there twice, so
// that one file that is damaged, or put back from a backup, gives up no kill. Another process may have written it meanwhile:
// what that one alone has seen is kept. Never in the way of anything: a disk that fails costs the cache, no more.

import { createHash } from 'node:crypto'
import { type Known, toJson } from '../follow/known.js'
import type { KeyChanges } from '../follow/snapshot.js'
import { unite } from '../follow/union.js'
import { keyChangesOf, readKnown } from '../follow/wire.js'
import type { Voice } from '../logger.js'
import { readOwn, writeWhole } from './own-files.js'

const GENERATIONS = ['newest', 'before'] as const
export type Generation = (typeof GENERATIONS)[number]

/** Where the cache lives: two files, or a test's memory. `read` gives undefined where there is nothing. */
export type Disk = {
  read(generation: Generation): string | undefined
  write(text: string, generation: Generation): Promise<void>
}

export type Cached = {
  known: Known
  /** When a live service last confirmed it, in ms since the epoch. */
  confirmedAt: number
  /** The newest checkpoint of the log that was proved, and a few before it. */
  checkpoint?: string
  checkpointsBefore?: string[]
  /** What led from the key that was configured to the one that signs. */
  keyChanges?: KeyChanges
  /** Counts the writings of a cache file: of two, the later one has the higher. */
  number?: number
}

const FORMAT = 'killswitch-cache-1'

export function encode({ known, ...rest }: Cached): string {
  const text = JSON.stringify({ ...rest, ...toJson(known) })
  return `${checksum(text)} ${FORMAT}\n${text}\n`
}

/** @throws Error saying what is wrong with the text */
export function decode(text: string, environment: string | undefined): Cached {
  const [head, body = ''] = text.split('\n')
  if (head !== `${checksum(body)} ${FORMAT}`)
    throw new Error('its checksum does not hold, or it is not one of ours')
  const document = JSON.parse(body) as { [member in Exclude<keyof Cached, 'known'>]: unknown }
  const known = readKnown(document)
  if (!known || typeof document.confirmedAt !== 'number') throw new Error('it is not of the form we write')
  if (environment !== undefined && known.environment !== environment)
    throw new Error(`it is of the environment ${known.environment}, not ${environment}`)
  const { confirmedAt, checkpoint, checkpointsBefore: before, number } = document
  const keyChanges = keyChangesOf(document.keyChanges)
  return {
    known,
    confirmedAt,
    number: Number.isSafeInteger(number) ? (number as number) : 0,
    ...(typeof checkpoint === 'string' ? { checkpoint } : {}),
    ...(Array.isArray(before) ? { checkpointsBefore: before.filter(note => typeof note === 'string') } : {}),
    ...(keyChanges === undefined ? {} : { keyChanges }),
  }
}

const numberOf = ({ number = 0 }: Cached): number => number

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex')

/** @throws where others may write, and with what the file system says */
export function fileDisk(path: string): Disk {
  const placeOf = (generation: Generation) => (generation === 'newest' ? path : `${path}.before`)
  return {
    read: generation => readOwn(placeOf(generation)),
    write: (text, generation) =>
      writeWhole(placeOf(generation), text).catch(error => {
        throw unwritable(path, error as NodeJS.ErrnoException)
      }),
  }
}

/** The system's words name the temporary file, another one each time. */
const unwritable = (path: string, error: NodeJS.ErrnoException): Error =>
  error.code === undefined ? error : new Error(`${path}: ${error.code} at ${error.syscall}`, { cause: error })

/** Keeps the newest state on a disk: one write at a time, what came meanwhile is written after it, once. */
export class Cache {
  private readonly disk: Disk
  private readonly voice: Voice
  /** What this process read or wrote last. */
  private readonly texts = new Map<Generation, string>()
  private number = 0
  private waiting: Cached | undefined
  private writing: Promise<void> | undefined
  private copying: Promise<void> | undefined

  constructor(disk: Disk, voice: Voice) {
    this.disk = disk
    this.voice = voice
  }

  /**
   * What the last process left: of two generations the later one, and whatever kill the other one alone has. Undefined, with
   * a warning, where neither can be trusted.
   */
  load(environment: string | undefined): Cached | undefined {
    const newest = this.read('newest', environment)
    const before = this.read('before', environment)
    if (newest === undefined || before === undefined) return newest ?? before
    // one that was put back from a backup is the earlier one, whatever its name: it adds kills and releases none
    const [later, earlier] = numberOf(newest) >= numberOf(before) ? [newest, before] : [before, newest]
    const held = new Map([...earlier.known.flags].filter(([, flag]) => flag.held !== undefined))
    return { ...later, known: unite(later.known, { ...earlier.known, flags: held }) ?? later.known }
  }

  store(cached: Cached): void {
    this.waiting = cached
    this.writing ??= this.drain()
  }

  /** Kept once everything stored so far is on the disk, or has failed. */
  async settled(): Promise<void> {
    await this.writing
  }

  /** Kept once it is there twice. */
  async settledTwice(): Promise<void> {
    await this.writing
    await this.copying
  }

  private read(generation: Generation, environment: string | undefined): Cached | undefined {
    try {
      const text = this.disk.read(generation)
      if (text === undefined) return undefined
      const cached = decode(text, environment)
      this.texts.set(generation, text)
      this.number = Math.max(this.number, numberOf(cached))
      return cached
    } catch (error) {
      const why = (error as Error).message
      this.voice.once(`cache ${why}`, `the cache file is ignored: ${why}`)
      return undefined
    }
  }

  private async drain(): Promise<void> {
    while (this.waiting !== undefined) {
      const next = this.waiting
      this.waiting = undefined
      try {
        const united = this.united(next)
        await this.write(encode({ ...united, number: ++this.number }), 'newest')
        this.voice.settled('cache')
      } catch (error) {
        this.voice.once('cache', `the cache file cannot be written: ${(error as Error).message}`)
      }
    }
    this.writing = undefined
    this.copying ??= this.copy()
  }

  /** The second generation follows the first one, where that can be read again: a write that went wrong leaves it alone. */
  private async copy(): Promise<void> {
    try {
      for (let text = this.uncopied(); text !== undefined; text = this.uncopied()) {
        decode(this.disk.read('newest') ?? '', undefined)
        await this.write(text, 'before')
      }
    } catch (error) {
      this.voice.once(
        'cache-before',
        `the cache file is kept once, and not twice: ${(error as Error).message}`,
      )
    }
    this.copying = undefined
  }

  private uncopied(): string | undefined {
    const text = this.texts.get('newest')
    return text === this.texts.get('before') ? undefined : text
  }

  private async write(text: string, generation: Generation): Promise<void> {
    await this.disk.write(text, generation)
    this.texts.set(generation, text)
  }

  /** With what another process has written meanwhile. */
  private united(next: Cached): Cached {
    let { known } = next
    for (const generation of GENERATIONS) {
      try {
        const text = this.disk.read(generation)
        if (text === undefined || [...this.texts.values()].includes(text)) continue
        const theirs = decode(text, undefined)
        this.number = Math.max(this.number, numberOf(theirs))
        known = unite(known, theirs.known) ?? known
      } catch {
        // whatever is there is no state: it is written over
      }
    }
    return { ...next, known }
  }
}
