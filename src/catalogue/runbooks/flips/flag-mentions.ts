// Where a text names a flag: by its key as it is, by the environment variable of the key, or by the application's name.
// Also the near misses: what differs from a key by case or separators alone names no flag, and is told.

import type { Prose } from '../structure/prose.js'
import type { KnownFlag, KnownFlags } from './flag-values.js'

export type Mention = {
  flag: KnownFlag
  from: number
  to: number
  /** Only the application's name stands there. */
  isName: boolean
  /** It can be nothing but the key: it is set as code, or no word of a language looks like it. */
  isSure: boolean
}

/** What stands in the place of a key, so that a rule sees where one is and not what it says. */
export const BLANK = '\u0001'

/** In the order of the text. */
export function mentionsIn(prose: Prose, flags: KnownFlags): Mention[] {
  if (!flags.keys) return []
  const inCode = insideOf(prose.codes)
  const keys = Array.from(prose.text.matchAll(flags.keys), ({ 0: key, index }) => {
    const flag = (flags.byKey.get(key) ?? flags.byVariable.get(key))!
    const isSure = isNoWord(key) || inCode(index)
    return { flag, from: index, to: index + key.length, isName: false, isSure }
  })
  if (!flags.names) return keys
  const taken = insideOf(keys)
  const names = Array.from(prose.text.matchAll(flags.names), ({ 0: name, index }) => {
    const flag = flags.byName.get(name.toLowerCase())!
    return { flag, from: index, to: index + name.length, isName: true, isSure: false }
  }).filter(({ from }) => !taken(from) && !inCode(from))
  return names.length === 0 ? keys : [...keys, ...names].sort((one, other) => one.from - other.from)
}

/** `ai_v1`, `pilot.enabled`, `enableCheckout`, `SEARCH2`: no language has such a word. */
const isNoWord = (key: string): boolean => /[_.:/\d-]|\p{Ll}\p{Lu}/u.test(key)

export function blank(text: string, spans: readonly { from: number; to: number }[]): string {
  let result = ''
  let at = 0
  for (const { from, to } of [...spans].sort((one, other) => one.from - other.from)) {
    if (from < at) continue
    result += text.slice(at, from) + BLANK.repeat(to - from)
    at = to
  }
  return result + text.slice(at)
}

/** Tells of places, asked in ascending order or not, whether one lies in a span. */
function insideOf(spans: readonly { from: number; to: number }[]): (at: number) => boolean {
  return at => {
    let low = 0
    let high = spans.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (spans[middle]!.to <= at) low = middle + 1
      else high = middle
    }
    return low < spans.length && spans[low]!.from <= at
  }
}

const TOKEN = /[A-Za-z][A-Za-z0-9_.:/-]{1,127}/g

/** What is written like a key and is none: `Ai-V1` beside the flag `ai_v1`. */
export function nearKeysIn(text: string, flags: KnownFlags): { said: string; key: string; at: number }[] {
  const found: { said: string; key: string; at: number }[] = []
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const said = token.replace(/[.:/-]+$/, '')
    const key = flags.bySpelling.get(spellingOf(said))
    if (key === undefined || flags.byKey.has(said) || flags.byVariable.has(said)) continue
    if (isNoWord(said) || isNoWord(key)) found.push({ said, key, at: index })
  }
  return found
}

/** A key without its case and separators. */
export const spellingOf = (key: string): string => key.toLowerCase().replace(/[_.:/-]/g, '')
