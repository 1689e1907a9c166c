// What was found in the store or on the disk and was not obeyed, kept for whoever looks into it: a file each under
// not-signed/. Bounded: who can write into the store must not fill this disk.

import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SealedEntry } from '../../domain/log/audit.js'
import { realDisk, replaceFile } from '../journal/disk.js'
import type { Refused } from './incoming.js'

const FOLDER = 'not-signed'
const MOST_FILES = 50
const MOST_BYTES = 256 * 1024

export type NotSigned = {
  /** Findings that are kept; 0 where there is none. */
  count: number
  /** What was said of the newest. */
  problem: string
}
type Say = (message: string, fields: object) => void

export class Evidence {
  readonly #folder: string
  readonly #say: Say
  readonly #known: Set<string>
  #problem = 'An earlier run of this instance found it.'

  private constructor(folder: string, say: Say, names: readonly string[]) {
    this.#folder = folder
    this.#say = say
    this.#known = new Set(names)
  }

  /** With what earlier runs found, where nobody has moved the files away. */
  static async open(dataDir: string, say: Say): Promise<Evidence> {
    const folder = join(dataDir, FOLDER)
    return new Evidence(folder, say, await readdir(folder).catch(() => []))
  }

  get found(): NotSigned {
    return { count: this.#known.size, problem: this.#problem }
  }

  /** Each finding once. Never throws: what cannot be kept is said all the same. */
  async keep({ entries, problem, from = 'store' }: Refused): Promise<void> {
    const [first] = entries
    if (first === undefined) return
    const name = `${first.entry.epoch}-${first.entry.seq}-${first.hash.slice(0, 12)}.ndjson`
    this.#problem = problem
    if (this.#known.has(name) || this.#known.size >= MOST_FILES) return
    this.#known.add(name)
    this.#say(`entries in the ${from} that nobody with the key of the log signed are not obeyed`, {
      code: 'not-signed',
      problem,
      entries: entries.length,
      kept: `${FOLDER}/${name}`,
    })
    await this.#write(name, entries).catch(error =>
      this.#say('entries that are not signed could not be kept', { reason: String(error) }),
    )
  }

  async #write(name: string, entries: readonly SealedEntry[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    let [text, bytes] = ['', 0]
    for (const { line } of entries) {
      bytes += Buffer.byteLength(line) + 1
      if (bytes > MOST_BYTES) break
      text += `${line}\n`
    }
    await replaceFile(realDisk, join(this.#folder, name), Buffer.from(text))
  }
}
