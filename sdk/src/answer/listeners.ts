// Who wants to hear of a flag. Calls them after a change; one that throws harms nobody else.

import type { FlagValue } from '../../../src/wire/words.js'
import type { Voice } from '../logger.js'
import type { Resolution } from './resolve.js'

export type FlagChange = {
  key: string
  killed: boolean
  value: FlagValue | undefined
  variant: string | undefined
  incident: string | undefined
  revision: number
}

export type ChangeListener = (change: FlagChange) => unknown

export class Listeners {
  private readonly voice: Voice
  private readonly byKey = new Map<string, Set<ChangeListener>>()

  constructor(voice: Voice) {
    this.voice = voice
  }

  /** The function given back ends it. */
  add(key: string, listener: ChangeListener): () => void {
    const listeners = this.byKey.get(key) ?? new Set()
    this.byKey.set(key, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  tell(key: string, killed: boolean, resolution: Resolution | undefined, revision: number): void {
    const listeners = this.byKey.get(key)
    if (!listeners) return
    const { value, incident, details } = resolution ?? {}
    const change = { key, killed, value, variant: details?.variant, incident, revision }
    for (const listener of listeners) {
      const failed = (error: unknown) => this.voice.error(`a listener of ${key} failed: ${String(error)}`)
      try {
        void Promise.resolve(listener(change)).catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  }
}
