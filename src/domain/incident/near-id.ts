// Which names a slip of the pen may have made of one another: the letter O for a zero, a sign too many, two changed over.
// It suggests and never takes one for the other.

import { distance } from 'fastest-levenshtein'
import { formOf } from '../catalogue/near-key.js'

/** Of shorter ones nearly every other is near. */
const SHORTEST = 4

/** As they are misread: the letter O as a zero, I and l as a one. */
const readAs = (id: string): string => formOf(id).replace(/o/g, '0').replace(/[il]/g, '1')

/**
 * Whether one id may have been typed for the other. Ids that differ in their last digit alone are not near: so trackers
 * count, and the second incident of a night would be taken for the first.
 */
export function isSlip(asked: string, id: string): boolean {
  if (asked === id) return false
  const [one, other] = [readAs(asked), readAs(id)]
  if (one === other) return true
  if (Math.min(one.length, other.length) < SHORTEST || Math.abs(one.length - other.length) > 1) return false
  const far = distance(one, other)
  return far === 1 ? !isNextNumber(one, other) : far === 2 && isChangedOver(one, other)
}

export const slipsOf = (asked: string, ids: Iterable<string>): string[] =>
  [...ids].filter(id => isSlip(asked, id))

const isNextNumber = (one: string, other: string): boolean =>
  one.length === other.length &&
  one.slice(0, -1) === other.slice(0, -1) &&
  /\d$/.test(one) &&
  /\d$/.test(other)

/** Two neighbouring signs that changed places. */
function isChangedOver(one: string, other: string): boolean {
  const at = [...one].findIndex((sign, index) => sign !== other[index])
  return one.length === other.length && one[at] === other[at + 1] && one[at + 1] === other[at]
}

/** Those that differ by case or separators alone, are a slip of the pen away, hold the word asked for, or are like it; three at most. */
export function nearest(asked: string, names: Iterable<string>): string[] {
  const [word, form] = [asked.toLowerCase(), formOf(asked)]
  const furthest = Math.max(2, Math.floor(word.length * 0.4))
  const farOf = (name: string): number => {
    if (formOf(name) === form) return -2
    if (isSlip(asked, name)) return -1
    const other = name.toLowerCase()
    return other.includes(word) ? 0 : distance(word, other)
  }
  return [...names]
    .map(name => ({ name, far: farOf(name) }))
    .filter(({ far }) => far <= furthest)
    .sort((one, other) => one.far - other.far)
    .slice(0, 3)
    .map(({ name }) => name)
}
