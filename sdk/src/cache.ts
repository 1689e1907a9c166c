// The last known state on disk: two lines, `<SHA-256 of the second> <format>` and one JSON document. Written whole or
// not at all (temporary file, fsync, rename), readable by its owner alone. Another process may have written it meanwhile:
// what that one alone has seen is kept. Never in the way of anything: a disk that fails costs the cache, no more.

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Known, toJson } from './known.js'
import type { Voice } from './logger.js'
import { unite } from './union.js'
import { readKnown } from './wire.js'

/** Where the cache lives: a file, or a test's memory. `read` gives undefined where there is nothing. */
export type Disk = {
  read(): string | undefined
  write(text: string): Promise<void>
}

export type Cached = {
  known: Known
  /** When a live service last confirmed it, in ms since the epoch. */
  confirmedAt: number
  /** The largest checkpoint of the log that was seen. */
  checkpoint?: string
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
  const document = JSON.parse(body) as { confirmedAt?: unknown; checkpoint?: unknown }
  const known = readKnown(document)
  if (!known || typeof document.confirmedAt !== 'number') throw new Error('it is not of the form we write')
  if (environment !== undefined && known.environment !== environment)
    throw new Error(`it is of the environment ${known.environment}, not ${environment}`)
  const { confirmedAt, checkpoint } = document
  return { known, confirmedAt, ...(typeof checkpoint === 'string' ? { checkpoint } : {}) }
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex')

/** @throws with what the file system says, but for a file that is not there */
export function fileDisk(path: string): Disk {
  return {
    read() {
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat === undefined) return undefined
      const own = process.getuid?.()
      if (own !== undefined && stat.uid !== own && stat.uid !== 0)
        throw new Error(`it belongs to user ${stat.uid}`)
      return readFileSync(path, 'utf8')
    },
    write: text =>
      writeWhole(path, text).catch(error => {
        throw unwritable(path, error as NodeJS.ErrnoException)
      }),
  }
}

/** The system's words name the temporary file, another one each time. */
const unwritable = (path: string, error: NodeJS.ErrnoException): Error =>
  error.code === undefined ? error : new Error(`${path}: ${error.code} at ${error.syscall}`, { cause: error })

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Keeps the newest state on a disk: one write at a time, what came meanwhile is written after it, once. */
export class Cache {
  private readonly disk: Disk
  private readonly voice: Voice
  /** What this process read or wrote last. */
  private text: string | undefined
  private waiting: Cached | undefined
  private writing: Promise<void> | undefined

  constructor(disk: Disk, voice: Voice) {
    this.disk = disk
    this.voice = voice
  }

  /** What the last process left; undefined, with a warning, where it cannot be trusted. */
  load(environment: string | undefined): Cached | undefined {
    try {
      this.text = this.disk.read()
      return this.text === undefined ? undefined : decode(this.text, environment)
    } catch (error) {
      this.voice.warn(`the cache file is ignored: ${(error as Error).message}`)
      return undefined
    }
  }

  store(cached: Cached): void {
    this.waiting = cached
    this.writing ??= this.drain()
  }

  /** Kept once everything stored so far is on the disk, or has failed. */
  async settled(): Promise<void> {
    await this.writing
  }

  private async drain(): Promise<void> {
    while (this.waiting !== undefined) {
      const next = this.waiting
      this.waiting = undefined
      try {
        const text = encode(this.united(next))
        await this.disk.write(text)
        this.text = text
        this.voice.settled('cache')
      } catch (error) {
        this.voice.once('cache', `the cache file cannot be written: ${(error as Error).message}`)
      }
    }
    this.writing = undefined
  }

  private united(next: Cached): Cached {
    try {
      const text = this.disk.read()
      if (text === undefined || text === this.text) return next
      const known = unite(next.known, decode(text, undefined).known)
      return known === undefined ? next : { ...next, known }
    } catch {
      return next // whatever is there is no state: it is written over
    }
  }
}
