// Flips in a language of which only a small list of words is known. The rule is the same as for English: a flip is sure only
// where nothing of its sentence is left besides the key, the verb, the value and harmless words.

import { lineAt, type Prose } from '../structure/prose.js'
import { BLANK, blank, type Mention, mentionsIn } from './flag-mentions.js'
import {
  actionOf,
  type FlagReading,
  type KnownFlag,
  type KnownFlags,
  nothingRead,
  variantOf,
} from './flag-values.js'
import { isOwn, qualifierIn, qualifierOf, withQualifiers } from './qualifiers.js'

/** Words in small letters. Several words of one phrase are written with spaces. */
export type FlipWords = {
  off: readonly string[]
  on: readonly string[]
  /** They need a value: `ai_v1` auf false setzen. */
  set: readonly string[]
  negations: readonly string[]
  /** A sentence with one of these depends on something. */
  conditions: readonly string[]
  /** Articles, what a flag is called, "at once", "please", "in the console". */
  harmless: readonly string[]
}

export type FlipReader = (prose: Prose, flags: KnownFlags) => FlagReading

export function flipReaderOf(words: FlipWords): FlipReader {
  const [off, on, set] = [anyOf(words.off), anyOf(words.on), anyOf(words.set)]
  const [negations, conditions, harmless] = [
    anyOf(words.negations),
    anyOf(words.conditions),
    anyOf(words.harmless),
  ]
  const verbs = anyOf([...words.off, ...words.on, ...words.set])
  return (prose, flags) => {
    const reading = nothingRead()
    const mentions = mentionsIn(prose, flags).filter(({ isName }) => !isName)
    if (mentions.length === 0) return reading
    const blanked = blank(prose.text, mentions)
    let next = 0
    for (const sentence of sentencesOf(blanked)) {
      for (; next < mentions.length && mentions[next]!.from < sentence.to; next++)
        if (!sentence.isQuestion) read(reading, prose, blanked, sentence, mentions[next]!, flags)
    }
    return reading
  }

  function read(
    reading: FlagReading,
    prose: Prose,
    blanked: string,
    { from, to }: { from: number; to: number },
    mention: Mention,
    flags: KnownFlags,
  ): void {
    const text = blanked.slice(from, to)
    const [isOff, isOn] = [off.test(text), on.test(text)]
    const line = lineAt(prose, mention.from)
    if (isOff === isOn && !set.test(text)) return
    // forbidden, or done without something: too little is known of the language to say which, so that it is told
    if (negations.test(text)) return
    const value = isOff === isOn ? valueIn(text, mention.flag) : undefined
    const variant = value ?? (isOff === isOn ? undefined : variantOf(mention.flag, isOn))
    if (variant === undefined) return
    const left = leftIn(text, mention.flag, variant, flags.environments)
    const isSure = mention.isSure && left === ''
    const action = actionOf(mention.flag, variant, line, isSure || conditions.test(text) ? 'high' : 'low')
    if (left === '') reading.actions.push(action)
    else if (conditions.test(text) && !qualifierIn(text, flags.environments))
      reading.actions.push(withQualifiers(action, [{ kind: 'condition', text: shown(prose, from, to) }]))
    else {
      const qualifier = qualifierOf(shown(prose, from, to), flags.environments)
      reading.actions.push(withQualifiers({ ...action, confidence: 'low' }, [qualifier]))
    }
  }

  /** The letters that are left when all that is known is taken away. */
  function leftIn(text: string, flag: KnownFlag, variant: string, environments: readonly string[]): string {
    return text
      .replaceAll(BLANK, ' ')
      .replace(new RegExp(verbs.source, 'giu'), ' ')
      .replace(/[\p{L}\p{N}_.-]+/gu, word =>
        isOwn(word.toLowerCase(), environments) || variantOf(flag, word) === variant ? ' ' : word,
      )
      .replace(new RegExp(harmless.source, 'giu'), ' ')
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
  }
}

const shown = (prose: Prose, from: number, to: number): string => prose.text.slice(from, to).trim()

function valueIn(text: string, flag: KnownFlag): string | undefined {
  const found = (text.match(/[\p{L}\p{N}_.-]+/gu) ?? []).flatMap(word => variantOf(flag, word) ?? [])
  return new Set(found).size === 1 ? found[0] : undefined
}

function* sentencesOf(text: string): Generator<{ from: number; to: number; isQuestion: boolean }> {
  let from = 0
  for (const { 0: sign, index } of text.matchAll(/[.;!?](?=\s|$)|[。；！？]/g)) {
    yield { from, to: index, isQuestion: sign === '?' || sign === '？' }
    from = index + 1
  }
  yield { from, to: text.length, isQuestion: false }
}

/** Whole words, where a script has spaces between them. */
function anyOf(words: readonly string[]): RegExp {
  if (words.length === 0) return /(?!)/u
  const sorted = [...words].sort((one, other) => other.length - one.length)
  const parts = sorted.map(word => {
    const escaped = word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/\s+/g, '\\s+')
    return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word)
      ? escaped
      : `(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`
  })
  return new RegExp(parts.join('|'), 'iu')
}
