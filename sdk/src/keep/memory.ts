// What outlives the process: begins from the cache file, else the bootstrap document, and keeps the file up to date.

import type { Holding } from '../answer/holding.js'
import type { Voice } from '../logger.js'
import type { Options } from '../options.js'
import type { Boot } from '../prove/receipt.js'
import type { Witness } from '../prove/witness.js'
import { pause, type Runtime } from '../runtime.js'
import { loadBootstrap } from './bootstrap.js'
import { Cache, type Disk } from './cache.js'

type Making = {
  runtime: Runtime
  holding: Holding
  witness: Witness
  options: Options
  voice: Voice
  disk: Disk | undefined
}

/** How often an unchanged cache file is written again, so that it says how lately it was confirmed. */
const AGAIN_MS = 60_000
/** Longest wait of a receipt for the cache file: a disk that hangs does not hide what was applied. */
const WITHIN_MS = 1000

export class Memory {
  private readonly making: Making
  private readonly cache: Cache | undefined
  private writtenAt = Number.NEGATIVE_INFINITY

  constructor(making: Making) {
    this.making = making
    this.cache = making.disk && new Cache(making.disk, making.voice)
  }

  /** Lays what was remembered before the holding. */
  begin(): Boot {
    const { holding, witness, options, voice } = this.making
    const cached = this.cache?.load(options.environment)
    const local = cached ?? loadBootstrap(options.bootstrap, options.environment, voice)
    witness.begin(cached)
    if (!local) return 'unknown'
    holding.begin(local.known, local.confirmedAt)
    return cached ? 'cache' : 'bootstrap'
  }

  keep(): void {
    const { holding, runtime, witness } = this.making
    if (!holding.known || !this.cache) return
    this.writtenAt = runtime.now()
    this.cache.store({
      known: holding.known,
      confirmedAt: holding.confirmedAt ?? this.writtenAt,
      ...(witness.note === undefined
        ? {}
        : { checkpoint: witness.note, checkpointsBefore: witness.notesBefore }),
      ...(witness.keyChanges === undefined ? {} : { keyChanges: witness.keyChanges }),
    })
  }

  /** Where the last writing is long ago. */
  keepNowAndThen(): void {
    if (this.making.runtime.now() - this.writtenAt >= AGAIN_MS) this.keep()
  }

  /** Keeps what is known, twice, or gives up after a second. */
  close(): Promise<void> {
    this.keep()
    return this.within(this.cache?.settledTwice())
  }

  /** Kept once a crash would come up with what is known, or after a second. */
  kept(): Promise<void> {
    return this.within(this.cache?.settled())
  }

  private async within(writing: Promise<void> | undefined): Promise<void> {
    if (writing) await Promise.race([writing, pause(this.making.runtime, WITHIN_MS, undefined, true)])
  }
}
