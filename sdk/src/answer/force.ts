// The last resort: flags forced to their kill variant by this process' own environment, or by a file that is watched,
// with no service at all. Only ever kills; a file that cannot be read changes nothing, and says so. What is gone from
// the file is let go of at the second look: a file that is being written is empty for a moment.

import { readFileSync } from 'node:fs'
import { FLAG_KEY } from '../../../src/wire/words.js'
import type { Voice } from '../logger.js'
import { words } from '../options.js'
import type { Runtime } from '../runtime.js'

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
  /** In the file now, and those of the look before that are gone from it. */
  private named: ReadonlySet<string> = new Set()
  private leaving: ReadonlySet<string> = new Set()
  private forced: ReadonlySet<string> = new Set()
  private next = () => {}

  constructor(making: Making) {
    this.making = making
  }

  /** With `watch`, looks again every second. */
  start(watch: boolean): void {
    this.tell()
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
      this.take(read(file) ?? '')
      voice.settled('force')
    } catch (error) {
      voice.once('force', `${file} cannot be read: ${(error as Error).message}; what it forced stays forced`)
    }
    if (watch) this.next = runtime.later(LOOK_EVERY_MS, () => this.look(true))
  }

  private take(text: string): void {
    if (text === this.text && this.leaving.size === 0) return
    this.text = text
    const before = this.named
    this.named = this.keysOf(words(text))
    this.leaving = new Set([...before].filter(key => !this.named.has(key)))
    this.tell()
  }

  private tell(): void {
    const given = this.keysOf(this.making.keys)
    const keys = new Set([...given, ...this.named, ...this.leaving])
    if (same(keys, this.forced)) return
    this.forced = keys
    if (keys.size > 0) this.making.voice.warn(`forced to the kill variant here: ${[...keys].join(', ')}`)
    else this.making.voice.warn('no flag is forced to its kill variant here any more')
    this.making.onForced(keys)
  }

  /** What is no key is said and passed over: a receipt that carried it would be refused, and prove nothing. */
  private keysOf(given: readonly string[]): Set<string> {
    const odd = given.filter(word => !FLAG_KEY.test(word))
    if (odd.length > 0)
      this.making.voice.once(
        'forced',
        `cannot be forced, as these are no flag keys: ${odd.join(' ').slice(0, 200)}`,
      )
    return new Set(given.filter(word => FLAG_KEY.test(word)))
  }
}

const same = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every(key => b.has(key))

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
