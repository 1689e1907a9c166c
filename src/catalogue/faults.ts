// How a fault is written down: where it stands, what is wrong, what to do. It decides nothing about definitions.

import { distance } from 'fastest-levenshtein'
import type { Fault } from '../domain/catalogue/catalogue.js'
import { formOf } from '../domain/catalogue/near-key.js'
import { FLAG_KEY_MOST } from '../wire/words.js'

/** Notes a fault of one file at a 1-based line. */
export type Report = (line: number, message: string) => void

export const reportTo =
  (faults: Fault[], file: string): Report =>
  (line, message) => {
    faults.push({ file, line, message })
  }

/** `; did you mean "off"?` where a known name is near enough, else nothing. Case and separators are no difference. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known)
  return near === undefined ? '' : `; did you mean ${quote(near)}?`
}

/** The known name at most a third of its letters away, the nearest first; of two as near, the one that goes on alike. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const asked = name.slice(0, FLAG_KEY_MOST).toLowerCase()
  const form = formOf(asked)
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const own = candidate.toLowerCase()
    const apart = formOf(own) === form ? -0.5 : distance(asked, own) - (own.startsWith(asked) ? 0.5 : 0)
    if (apart < bestDistance && apart <= Math.max(1, Math.floor(own.length / 3))) {
      best = candidate
      bestDistance = apart
    }
  }
  return best
}

/** A value as a message shows it: quoted, escaped, and not longer than a line. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** By file, then line, then message; the same fault once. */
export function sortFaults(faults: readonly Fault[]): Fault[] {
  const seen = new Map(faults.map(fault => [JSON.stringify([fault.file, fault.line, fault.message]), fault]))
  return [...seen.values()].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.message, b.message),
  )
}

/** By code unit, so that the order is the same on every machine, whatever its locale. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
