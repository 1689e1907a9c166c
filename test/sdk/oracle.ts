// What an app in the simulation was shown, and what follows from it. Knows nothing of how the SDK is made.

import type { Held } from '../../src/wire/snapshot.js'
import { FLAGS, type Shown } from './simulated-service.js'

type Verdict = { place: number; held: Held | undefined }

export class Oracle {
  private verdicts = new Map<string, Verdict>()
  private provisional = new Map<string, string>()
  private merged = new Set<string>()
  /** Let go of by a person, and by no log since. */
  private released = new Set<string>()
  private last: Shown | undefined
  private logs = new Set<string>()
  /** Every position that was shown, also to the process before. */
  readonly shown = new Set<string>()

  show(shown: Shown): void {
    this.shown.add(`${shown.log} ${shown.revision} ${shown.hash}`)
    this.logs.add(shown.log)
    for (const id of shown.merged) this.merged.add(id)
    for (const hold of shown.provisional) this.provisional.set(hold.id, hold.flag)
    for (const id of shown.released) this.released.add(id)
    this.last = shown
    for (const verdict of this.verdicts.values())
      if (verdict.held?.holds.every(id => shown.released.includes(id))) verdict.held = undefined
    for (const flag of FLAGS) {
      const key = `${shown.log} ${flag}`
      const place = shown.flipped[flag] ?? 0
      if (place >= (this.verdicts.get(key)?.place ?? 0))
        this.verdicts.set(key, { place, held: shown.held[flag] })
    }
  }

  /** It was shown killed last, by however old an instance; or before, and by nobody that may say so released. */
  mustBeKilled(flag: string): boolean {
    const isGone = (id: string) => this.merged.has(id) || this.released.has(id)
    const open = [...this.provisional].some(([id, of]) => of === flag && !isGone(id))
    if (open || this.last?.held[flag]) return true
    const verdicts = [...this.logs]
      .map(log => this.verdicts.get(`${log} ${flag}`))
      .filter(v => v && v.place > 0)
    return verdicts.length > 0 && verdicts.every(verdict => verdict?.held)
  }

  forget(): void {
    this.verdicts = new Map()
    this.provisional = new Map()
    this.merged = new Set()
    this.released = new Set()
    this.last = undefined
    this.logs = new Set()
  }
}
