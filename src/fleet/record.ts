// The record of the app instances, on this disk: what a start knows of who ran before it. A file of lines, the newest of an
// instance counts; written anew when most of its lines are old. Knows nothing of what becomes of them.

import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Gone, Member } from '../domain/fleet/member.js'

/** What outlives a start of one: not what it has shown, which it shows again. */
export type Recorded = Pick<
  Member,
  'id' | 'app' | 'instance' | 'credential' | 'proves' | 'openedAt' | 'heardAt'
> & {
  gone?: Gone | undefined
  lost?: true
  /** When it was heard of last, by running time. */
  ran?: number
}

const FILE = 'fleet.ndjson'
/** Beside a record that began without one before it, until it has outlived whoever that one knew. */
const YOUNG = 'fleet.young'
/** Lines that may be old before the file is written anew. */
const SLACK = 5_000

export class FleetRecord {
  readonly #path: string
  readonly #kept: Map<string, Recorded>
  #handle: FileHandle
  #lines: number
  #waiting = new Map<string, Recorded | null>()
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  /** Why the disk takes no more of it; undefined while it does. */
  broken: string | undefined

  private constructor(path: string, handle: FileHandle, kept: Map<string, Recorded>, lines: number) {
    this.#path = path
    this.#handle = handle
    this.#kept = kept
    this.#lines = lines
  }

  /**
   * `found`: whether there was a record, and one that had outlived the loss of another. Throws what the file system throws.
   */
  static async open(folder: string): Promise<{ record: FleetRecord; found: boolean }> {
    const path = join(folder, FILE)
    const text = await readFile(path, 'utf8').catch(error => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    })
    const lines = (text ?? '').split('\n')
    const kept = new Map<string, Recorded>()
    for (const line of lines) take(kept, line)
    const young = join(folder, YOUNG)
    // before the record: whoever is torn off in between finds it all the same
    if (text === undefined) await (await open(young, 'w', 0o600)).close()
    const isYoung = await stat(young).then(
      () => true,
      () => false,
    )
    const handle = await open(path, 'a', 0o600)
    // what a crash tore off must not take the next line with it
    if (lines.at(-1) !== '') await handle.write('\n')
    await handle.sync()
    if (text === undefined) await syncFolder(path)
    return { record: new FleetRecord(path, handle, kept, lines.length), found: !isYoung }
  }

  /** Who was known to a record before this one has come back by now, or is waited for no longer. Never throws. */
  async outlived(): Promise<void> {
    await rm(join(dirname(this.#path), YOUNG), { force: true }).catch(() => undefined)
  }

  entries(): IterableIterator<Recorded> {
    return this.#kept.values()
  }

  /** Kept with the next writing; null lets go of it. */
  put(id: string, recorded: Recorded | null): void {
    if (recorded === null) this.#kept.delete(id)
    else this.#kept.set(id, recorded)
    this.#waiting.set(id, recorded)
  }

  /** Resolves once everything put so far is on the disk, or could not be: then `broken` says why, and the next try has it too. */
  sync(): Promise<void> {
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined
      this.#writing = this.#write()
      return this.#writing
    })
    return this.#next
  }

  async close(): Promise<void> {
    await this.sync()
    await this.#handle.close()
  }

  async #write(): Promise<void> {
    const batch = this.#waiting
    if (batch.size === 0) return
    this.#waiting = new Map()
    try {
      if (this.#lines + batch.size > 2 * this.#kept.size + SLACK) await this.#rewrite()
      else await this.#append([...batch].map(([id, recorded]) => recorded ?? { id }))
      this.broken = undefined
    } catch (error) {
      this.broken = (error as Error).message
      this.#waiting = new Map([...batch, ...this.#waiting])
    }
  }

  async #append(lines: readonly object[]): Promise<void> {
    await this.#handle.appendFile(lines.map(line => `${JSON.stringify(line)}\n`).join(''))
    await this.#handle.datasync()
    this.#lines += lines.length
  }

  async #rewrite(): Promise<void> {
    const temporary = `${this.#path}.tmp`
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile([...this.#kept.values()].map(each => `${JSON.stringify(each)}\n`).join(''))
      await handle.sync()
      await rename(temporary, this.#path)
      await syncFolder(this.#path)
    } catch (error) {
      await handle.close()
      await rm(temporary, { force: true })
      throw error
    }
    await this.#handle.close()
    this.#handle = handle
    this.#lines = this.#kept.size
  }
}

/** A line that is none, as after a crash, is passed over. */
function take(kept: Map<string, Recorded>, line: string): void {
  if (line === '') return
  try {
    const recorded = JSON.parse(line) as Recorded
    if (typeof recorded.id !== 'string') return
    if (typeof recorded.app === 'string') kept.set(recorded.id, recorded)
    else kept.delete(recorded.id)
  } catch {
    // torn
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
