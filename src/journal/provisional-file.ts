// The kills taken while the store was away, one JSON line each, synced before they are acknowledged. Outside the chain:
// small, rewritten whole when some of them have come into the log.

import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { realDisk, syncFolder } from './disk.js'

export class ProvisionalFile<T> {
  readonly #folder: string
  readonly #file: string
  #written: Promise<unknown> = Promise.resolve()

  constructor(folder: string) {
    this.#folder = folder
    this.#file = join(folder, 'provisional.ndjson')
  }

  /** What is kept; a torn last line was never acknowledged, and is passed over. */
  async read(): Promise<T[]> {
    const text = await readFile(this.#file, 'utf8').catch(error => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    })
    return text.split('\n').flatMap(line => parsed<T>(line))
  }

  /** Durable when it resolves. */
  append(record: T): Promise<void> {
    return this.#inTurn(async () => {
      const handle = await open(this.#file, 'a', 0o600)
      try {
        // a torn line before it must not swallow this one
        await handle.appendFile(`\n${JSON.stringify(record)}\n`)
        await handle.datasync()
      } finally {
        await handle.close()
      }
    })
  }

  /** Keeps only these, all at once. */
  rewrite(records: readonly T[]): Promise<void> {
    return this.#inTurn(async () => {
      const handle = await open(`${this.#file}.tmp`, 'w', 0o600)
      try {
        await handle.writeFile(records.map(record => `${JSON.stringify(record)}\n`).join(''))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(`${this.#file}.tmp`, this.#file)
      await syncFolder(realDisk, this.#folder)
    })
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#written.then(write)
    this.#written = written.catch(() => undefined)
    return written
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
