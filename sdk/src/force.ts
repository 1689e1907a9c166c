// The last resort: flags forced to their kill variant by this process' own environment, or by a file that is watched,
// with no service at all. Only ever kills; a file that cannot be read changes nothing, and says so.

import { readFileSync } from 'node:fs'
import type { Voice } from './logger.js'
import { words } from './options.js'
import type { Runtime } from './runtime.js'

type Making = {
  runtime: Runtime
  voice: Voice
  keys: readonly string[]
  file: string | undefined
  /** The text of the file; undefined where there is none. */
  read?: (path: string) => string | undefined
  onForced(keys: ReadonlySet<string>): void
}

/** A stat would miss a mounted file that is swapped within its second; the file is a line long, so it is read. */
const LOOK_EVERY_MS = 1000

export class Force {
  private readonly making: Making
  private text = ''
  private next = () => {}

  constructor(making: Making) {
    this.making = making
  }

  /** With `watch`, looks again every second. */
  start(watch: boolean): void {
    this.tell()
    if (this.making.file === undefined) return
    this.look(watch)
  }

  stop(): void {
    this.next()
  }

  /** Reads the file now. */
  look(watch = false): void {
    const { file, read = readText, voice, runtime } = this.making
    if (file === undefined) return
    try {
      const text = read(file) ?? ''
      voice.settled('force')
      if (text !== this.text) {
        this.text = text
        this.tell()
      }
    } catch (error) {
      voice.once('force', `${file} cannot be read: ${(error as Error).message}; what it forced stays forced`)
    }
    if (watch) this.next = runtime.later(LOOK_EVERY_MS, () => this.look(true))
  }

  private tell(): void {
    const keys = new Set([...this.making.keys, ...words(this.text)])
    if (keys.size > 0) this.making.voice.warn(`forced to the kill variant here: ${[...keys].join(', ')}`)
    this.making.onForced(keys)
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
