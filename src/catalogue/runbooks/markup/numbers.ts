// Several numbers in one line: `1. Freeze it. 2. Disable it. 3. Look.` is three steps for whoever reads it.

import { type Prose, partOf } from '../structure/prose.js'

type Place = {
  from: number
  to: number
  value: number
  style: string
  isSentence: boolean
  isCapital: boolean
}

const INLINE = /(?<=^|\s)(?:(\d{1,3})([.)])|\((\d{1,3})\))\s+(?=\S)/g
const SENTENCE = /[.;!?:][)"'`”]*\s*$/

export type Numbered = {
  /** What stands before the first number; empty where the text begins with it. */
  lead: Prose
  items: Prose[]
}

/**
 * The items of a text that counts on. `own` is the number the text itself has as an item, with its style. Undefined
 * where there is one item only, or where the numbers may be part of a sentence.
 */
export function splitNumbered(prose: Prose, own?: number): Numbered | undefined {
  const places = placesOf(prose, own)
  if (places.length === 0 || !isUnmistakable(prose, places, own)) return undefined
  const starts = own === undefined ? places : [{ from: 0, to: 0 }, ...places]
  const items = starts.map(({ to }, index) => partOf(prose, to, starts[index + 1]?.from ?? prose.text.length))
  if (items.some(({ text }) => text === '')) return undefined
  return { lead: partOf(prose, 0, own === undefined ? places[0]!.from : 0), items }
}

/** How many numbers a text holds that count from 1 in brackets, and are not read as items. */
export const countNumbered = (prose: Prose): number => placesOf(prose, undefined).length

function placesOf(prose: Prose, own: number | undefined): Place[] {
  const found: Place[] = []
  let code = 0
  for (const match of prose.text.matchAll(INLINE)) {
    while (code < prose.codes.length && prose.codes[code]!.to <= match.index) code++
    if ((prose.codes[code]?.from ?? Infinity) <= match.index) continue
    const value = Number(match[1] ?? match[3])
    const style = match[2] ?? '()'
    const before = prose.text.slice(Math.max(0, match.index - 8), match.index)
    const isSentence = match.index === 0 || SENTENCE.test(before)
    const to = match.index + match[0].length
    const isCapital = prose.codes[code]?.from === to || /^[\p{Lu}\p{Lo}`]/u.test(prose.text.slice(to, to + 2))
    const place = { from: match.index, to, value, style, isSentence, isCapital }
    const last = found.at(-1)
    const expected = last ? last.value + 1 : (own ?? 0) + 1
    const fits = last ? last.style === style : own === undefined || style !== '()'
    if (value === expected && fits && (style !== '.' || place.isSentence || place.isCapital))
      found.push(place)
  }
  return own === undefined && found.length < 2 ? [] : found
}

/** Sentences stand between the numbers; or the text begins with them, or leads to them with a colon. */
function isUnmistakable(prose: Prose, places: readonly Place[], own: number | undefined): boolean {
  const [first, ...others] = places as [Place, ...Place[]]
  const later = own === undefined ? others : places
  const begins = own !== undefined || first.from === 0 || /:\s*$/.test(prose.text.slice(0, first.from))
  if (!begins) return false
  const areSentences = later.every(({ isSentence }) => isSentence)
  if (areSentences || first.style !== '.') return areSentences || own === undefined || later.length > 1
  return later.length + 1 >= 3 && later.every(({ isCapital }) => isCapital)
}
