// The Merkle tree on disk: `hashes`, 32 bytes each in the order of `storedAt`, and `head.json`, how much of it counts.
// Rebuildable, so that only the head is replaced all at once; knows nothing of the journal.

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodesOf, rangeHash, storedAt, storedCount } from '../../domain/log/merkle.js'
import type { Runs } from '../../domain/log/places.js'
import { type Disk, type Handle, readFully, realDisk, replaceFile, writeFully } from '../journal/disk.js'

/** `hash`: of the last line. `root`: what the file is checked against. */
export type Saved = { size: number; hash: string; runs: Runs; root: string }

const BYTES = 32
const EMPTY: Saved = { size: 0, hash: '', runs: [], root: '' }

export class TreeFile {
  readonly #disk: Disk
  readonly #folder: string
  readonly #handle: Handle
  #count = 0

  static async open(folder: string, disk: Disk = realDisk): Promise<{ file: TreeFile; saved: Saved }> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const name = join(folder, 'hashes')
    const handle = await disk.open(name, 'r+').catch(() => disk.open(name, 'wx+', 0o600))
    const file = new TreeFile(disk, folder, handle)
    try {
      return { file, saved: await file.#load() }
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  }

  private constructor(disk: Disk, folder: string, handle: Handle) {
    this.#disk = disk
    this.#folder = folder
    this.#handle = handle
  }

  /** What a tree of so many leaves stores next. Where it fails, nothing counts as written. */
  async append(hashes: readonly Buffer[]): Promise<void> {
    await writeFully(this.#handle, Buffer.concat(hashes), this.#count * BYTES)
    this.#count += hashes.length
  }

  /** Back to the file of a smaller tree. */
  async cut(size: number): Promise<void> {
    this.#count = storedCount(size)
    await this.#handle.truncate(this.#count * BYTES)
  }

  async read(positions: readonly number[]): Promise<Buffer[]> {
    const found: Buffer[] = []
    for (const position of positions) found.push(await readFully(this.#handle, position * BYTES, BYTES))
    return found
  }

  /** Durable when it resolves. */
  async save(saved: Saved): Promise<void> {
    await this.#handle.datasync()
    await replaceFile(this.#disk, this.#headFile, Buffer.from(`${JSON.stringify({ v: 1, ...saved })}\n`))
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  get #headFile(): string {
    return join(this.#folder, 'head.json')
  }

  /** What was saved, where the file bears it out; else an empty tree. */
  async #load(): Promise<Saved> {
    const saved = await readFile(this.#headFile, 'utf8')
      .then(text => JSON.parse(text) as Saved & { v: number })
      .catch(() => undefined)
    const isHere =
      saved?.v === 1 && Number.isSafeInteger(saved.size) && (await this.#rootOf(saved.size)) === saved.root
    const { size, hash, runs, root } = isHere ? saved : EMPTY
    await this.cut(size)
    return { size, hash, runs, root }
  }

  async #rootOf(size: number): Promise<string> {
    const nodes = nodesOf([0, size])
    const read = await this.read(nodes.map(storedAt))
    if (read.some(({ length }) => length < BYTES)) return 'cut'
    return rangeHash([0, size], node => read[nodes.findIndex(({ level }) => level === node.level)]!).toString(
      'hex',
    )
  }
}
