// The place of an entry as somebody typed it, or what is wrong with it.

import { badInput, by } from '../errors.js'
import { parsePlace } from './audit.js'

/** Throws `malformed-request` with the right form. */
export function placeTyped(text: string): number {
  const place = parsePlace(text)
  if (place !== undefined) return place
  throw badInput(
    { in: 'path', path: 'params.place', problem: 'is no place of an entry' },
    `"${text}" is no place of an entry.`,
    by(
      'An entry is named by its epoch and its number in the log: 0-42, as "killswitch audit query" shows it.',
    ),
  )
}
