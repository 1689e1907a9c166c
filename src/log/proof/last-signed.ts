// The newest checkpoint that this instance signed, kept on its own disk beside the tree, so that the next start can hold the
// journal against it. Replaced all at once; knows nothing of what is signed next.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseCheckpoint, type Signed } from '../../domain/log/checkpoint.js'
import { type Disk, realDisk, replaceFile } from '../journal/disk.js'

const NAME = 'signed.checkpoint'

export type Note = Signed & { text: string }

export class LastSigned {
  readonly file: string
  /** Undefined where none was signed yet; `unreadable` where the file holds none. */
  readonly found: Note | 'unreadable' | undefined = undefined
  readonly #disk: Disk

  static async open(folder: string, disk: Disk = realDisk): Promise<LastSigned> {
    const file = join(folder, NAME)
    const text = await readFile(file, 'utf8').catch(error => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    })
    return new LastSigned(file, text, disk)
  }

  private constructor(file: string, text: string | undefined, disk: Disk) {
    this.file = file
    this.#disk = disk
    if (text !== undefined) {
      const signed = parseCheckpoint(text)
      this.found = signed === undefined ? 'unreadable' : { ...signed, text }
    }
  }

  /** Durable when it resolves. */
  save(text: string): Promise<void> {
    return replaceFile(this.#disk, this.file, Buffer.from(text))
  }
}
