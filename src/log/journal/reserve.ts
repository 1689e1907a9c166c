// Room on the disk that is kept for kills: a file of zeros, given up when the disk is full. While it is gone only kills are
// taken; it comes back when there is space again.

import { stat, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { outOfFilesIn } from '../../domain/out-of-files.js'
import { realDisk, syncFolder, using, writeFully } from './disk.js'

/** Between two tries to have it back. */
const AGAIN_MS = 1_000

export class Reserve {
  readonly #folder: string
  readonly #file: string
  readonly #bytes: number
  #isKept = false
  /** It could not be made for want of a file to open, which says nothing of the room on the disk. */
  #isOutOfFiles = false
  #triedAt = Number.NEGATIVE_INFINITY
  #keeping: Promise<void> | undefined

  /** With 0 bytes there is none, and none is missed. */
  constructor(folder: string, bytes: number) {
    this.#folder = folder
    this.#file = join(folder, 'reserve')
    this.#bytes = bytes
  }

  /** Whether it was given up, or never could be made. */
  get isMissing(): boolean {
    return this.#isWanted && !this.#isOutOfFiles
  }

  /** Makes it where it is missing; on a full disk it stays missing. Never rejects. */
  keep(): Promise<void> {
    if (!this.#isWanted || performance.now() - this.#triedAt < AGAIN_MS) return Promise.resolve()
    this.#keeping ??= this.#make().finally(() => {
      this.#triedAt = performance.now()
      this.#keeping = undefined
    })
    return this.#keeping
  }

  get #isWanted(): boolean {
    return this.#bytes > 0 && !this.#isKept
  }

  /** Sets its room free. Says whether there was any. */
  async giveUp(): Promise<boolean> {
    await this.#keeping
    if (!this.#isKept) return false
    this.#isKept = false
    this.#isOutOfFiles = false
    this.#triedAt = performance.now()
    await unlink(this.#file).catch(() => undefined)
    return true
  }

  /**
   * Written, not only sized: a hole in a file reserves nothing. Not of the last room there is: a kill that comes while it is
   * made has to find some.
   */
  async #make(): Promise<void> {
    try {
      const size = await stat(this.#file).then(
        found => found.size,
        () => 0,
      )
      const { bavail, bsize } = await statfs(this.#folder)
      this.#isKept = size === this.#bytes
      if (this.#isKept || bavail * bsize < 2 * this.#bytes) return
      await using(await realDisk.open(this.#file, 'w', 0o600), async handle => {
        await writeFully(handle, Buffer.alloc(this.#bytes), 0)
        await handle.sync()
      })
      await syncFolder(realDisk, this.#folder)
      this.#isKept = true
    } catch (error) {
      this.#isOutOfFiles = outOfFilesIn(error) !== undefined
      await unlink(this.#file).catch(() => undefined)
    }
  }
}
