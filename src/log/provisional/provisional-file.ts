// The kills taken while the store was away, one JSON line each, synced before they are acknowledged. Outside the chain:
// small, rewritten whole when some of them have come into the log.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { outOfFilesIn } from '../../domain/out-of-files.js'
import { type Disk, type Handle, realDisk, replaceFile, syncFolder, writeFully } from '../journal/disk.js'
import type { Reserve } from '../journal/reserve.js'

/** A failed write of which something may be left in the file: a start may find it. */
export class NotTakenBack extends Error {}

type Waiting = { text: string; resolve: () => void; reject: (error: unknown) => void }

export class ProvisionalFile<T> {
  readonly #disk: Disk
  readonly #folder: string
  readonly #file: string
  readonly #reserve: Pick<Reserve, 'giveUp'> | undefined
  #waiting: Waiting[] = []
  /** Kept open: a kill needs no file that may not be left. */
  #handle: Handle | undefined
  #written: Promise<unknown> = Promise.resolve()

  /** `reserve`: room that is set free where the disk is full. `disk`: for tests, one that fails. */
  constructor(folder: string, reserve?: Pick<Reserve, 'giveUp'>, disk: Disk = realDisk) {
    this.#disk = disk
    this.#folder = folder
    this.#file = join(folder, 'provisional.ndjson')
    this.#reserve = reserve
  }

  /** Opens the file before there is anything to write; where it cannot, the first write does. */
  async open(): Promise<void> {
    await this.#inTurn(async () => void (await this.#opened().catch(() => undefined)))
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#inTurn(() => this.#close())
  }

  /** What is kept; a torn last line was never acknowledged, and is passed over. */
  async read(): Promise<T[]> {
    const text = await readFile(this.#file, 'utf8').catch(error => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    })
    return text.split('\n').flatMap(line => parsed<T>(line))
  }

  /**
   * Durable when it resolves; `whenDurable` is called before anything else is written. What comes while others are written
   * is written together, with one sync. Rejects with nothing of it left in the file, or with `NotTakenBack`.
   */
  append(records: readonly T[], whenDurable = () => {}): Promise<void> {
    const text = textOf(records)
    return new Promise<void>((resolve, reject) => {
      const done = () => {
        whenDurable()
        resolve()
      }
      this.#waiting.push({ text, resolve: done, reject })
      if (this.#waiting.length === 1) void this.#inTurn(() => this.#appendWaiting())
    })
  }

  /** Keeps only these, all at once: those there are when its turn comes. */
  rewrite(records: () => readonly T[]): Promise<void> {
    return this.#inTurn(async () => {
      await replaceFile(this.#disk, this.#file, Buffer.from(textOf(records())))
      await this.#close()
      await this.#opened().catch(() => undefined)
    })
  }

  async #appendWaiting(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    // a torn line before it must not swallow the first
    const text = `\n${waiting.map(each => each.text).join('')}`
    try {
      await this.#put(text).catch(async error => {
        // where something may be left in the file, room is not what is wanted
        const isOfRoom = !(error instanceof NotTakenBack) && outOfFilesIn(error) === undefined
        if (!isOfRoom || !(await this.#reserve?.giveUp())) throw error
        await this.#put(text)
      })
      for (const { resolve } of waiting) resolve()
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }

  async #put(text: string): Promise<void> {
    const handle = await this.#opened()
    const { size } = await handle.stat()
    try {
      await writeFully(handle, Buffer.from(text), size)
      await handle.datasync()
    } catch (error) {
      await takeBack(handle, size, error)
      throw error
    }
  }

  /** The file, whose name is durable. */
  async #opened(): Promise<Handle> {
    if (this.#handle !== undefined) return this.#handle
    const handle = await this.#disk.open(this.#file, 'a', 0o600)
    try {
      // it may be new
      if ((await handle.stat()).size === 0) await syncFolder(this.#disk, this.#folder)
    } catch (error) {
      await handle.close()
      throw error
    }
    this.#handle = handle
    return handle
  }

  async #close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#written.then(write)
    this.#written = written.catch(() => undefined)
    return written
  }
}

const textOf = (records: readonly unknown[]): string =>
  records.map(record => `${JSON.stringify(record)}\n`).join('')

/** Back to what was acknowledged; what was called undone must not be done at the next start. */
async function takeBack(handle: Handle, size: number, cause: unknown): Promise<void> {
  try {
    await handle.truncate(size)
    // of the cut: what failed before is not asked for again
    await handle.datasync()
  } catch (error) {
    throw new NotTakenBack(
      `${(cause as Error).message}, and it could not be taken back: ${(error as Error).message}`,
    )
  }
}

function parsed<T>(line: string): T[] {
  if (line === '') return []
  try {
    return [JSON.parse(line) as T]
  } catch {
    return []
  }
}
