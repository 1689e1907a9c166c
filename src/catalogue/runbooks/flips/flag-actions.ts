// Flags that running text flips: a known key beside a flip verb, the nearest verb governing. A key with no such verb,
// a verb with no such key, and a code span alone are nothing.

import { lineAt, type Prose } from '../structure/prose.js'
import { beginsWithVerb } from '../structure/wording.js'
import { LIGHT, leftOfClause } from './clause.js'
import { conditionOf, isCondition } from './conditions.js'
import { BLANK, blank, type Mention, mentionsIn } from './flag-mentions.js'
import {
  actionOf,
  type FlagReading,
  isBoolean,
  type KnownFlag,
  type KnownFlags,
  nothingRead,
  variantOf,
} from './flag-values.js'
import { type FlipClass, type FlipVerb, flipVerbs } from './flip-verbs.js'
import { type Qualifier, qualifierIn, qualifierOf, withQualifiers } from './qualifiers.js'

type Governed = {
  flips: FlipClass
  between: string
  isSure: boolean
  /** The verb's place, where it stands in the same text. */
  verb?: { from: number; to: number }
  /** A sign and no verb: where it gives no value of the flag, nothing was said. */
  isQuiet?: true
}

export const actsOnFlag = (prose: Prose, flags: KnownFlags): boolean =>
  readText(prose, flags).actions.some(
    ({ confidence, limit, condition }) =>
      confidence === 'high' || limit !== undefined || condition !== undefined,
  )

/** `leads` are the sentences the text stands under, innermost first, which may carry its verb. */
export function readText(prose: Prose, flags: KnownFlags, leads: readonly Prose[] = []): FlagReading {
  const reading = nothingRead()
  const mentions = mentionsIn(prose, flags)
  if (mentions.length === 0) return reading
  const blanked = blank(prose.text, mentions)
  const verbless = blank(blanked, prose.codes)
  let next = 0
  for (const span of sentencesIn(blanked)) {
    const own: Mention[] = []
    for (let mention = mentions[next]; mention && mention.from < span.to; mention = mentions[++next])
      own.push({ ...mention, from: mention.from - span.from, to: mention.to - span.from })
    if (own.length === 0 || blanked.startsWith('?', span.to)) continue
    const sentence = {
      ...span,
      prose,
      text: prose.text.slice(span.from, span.to),
      blanked: blanked.slice(span.from, span.to),
      verbless: verbless.slice(span.from, span.to),
    }
    readSentence(reading, sentence, own, flags, leads)
  }
  return withOwnLanguage(reading, flags.speaks?.(prose, flags))
}

/** What the runbook's own language says counts where English says nothing. */
function withOwnLanguage(reading: FlagReading, spoken: FlagReading | undefined): FlagReading {
  if (spoken === undefined) return reading
  const isSaid = ({ flag, line }: { flag: string; line: number }) =>
    [...reading.actions, ...reading.denied].some(one => one.flag === flag && one.line === line)
  reading.actions.push(...spoken.actions.filter(one => !isSaid(one)))
  reading.denied.push(...spoken.denied.filter(one => !isSaid(one)))
  return reading
}

type Sentence = {
  from: number
  to: number
  /** Its end was not found. */
  isCut: boolean
  prose: Prose
  text: string
  blanked: string
  verbless: string
}

function readSentence(
  reading: FlagReading,
  sentence: Sentence,
  mentions: readonly Mention[],
  flags: KnownFlags,
  leads: readonly Prose[],
): void {
  const { blanked, verbless } = sentence
  const verbs = flipVerbs(verbless)
  for (const mention of mentions) {
    const own = mention.isName
      ? governName(verbless, verbs, mention)
      : (governBefore(verbless, verbs, mention) ?? governAfter(verbless, verbs, mention, verbless.length))
    const governed =
      own ?? (mention.isName ? undefined : (inherit(verbless, mention, leads) ?? assigned(verbless, mention)))
    if (governed) judge(reading, sentence, mention, governed, blanked.slice(mention.to), flags)
  }
}

/** A sentence longer than this is read in pieces, and nothing in it is sure. */
const LONGEST_SENTENCE = 1500

function* sentencesIn(text: string): Generator<{ from: number; to: number; isCut: boolean }> {
  let from = 0
  for (const to of endsIn(text)) {
    for (; to - from > LONGEST_SENTENCE; from += LONGEST_SENTENCE)
      yield { from, to: from + LONGEST_SENTENCE, isCut: true }
    yield { from, to, isCut: false }
    from = to + 1
  }
}

function* endsIn(text: string): Generator<number> {
  for (const { index } of text.matchAll(/[.;!?](?=\s|$)/g)) yield index
  yield text.length
}

const BLOCKED = /\b(that|which|who|whose|because|if|when|while|until|unless|after|before|since|depending)\b/i
const MOST_WORDS = 8

/** The nearest verb before the key, unless another clause stands between them. */
function governBefore(text: string, verbs: readonly FlipVerb[], mention: Mention): Governed | undefined {
  const verb = verbs.findLast(one => one.to <= mention.from)
  if (!verb) return undefined
  const between = text.slice(verb.to, mention.from)
  const words = between.match(/[\p{L}\p{N}_-]+/gu) ?? []
  if (words.length > MOST_WORDS || BLOCKED.test(between) || hasOtherVerb(between)) return undefined
  const isBeside =
    /\b(via|using|with|through|by)\b|\(\W*$/i.test(between) || words.every(word => isLight(word, mention))
  if (isObjectElsewhere(between, mention)) return undefined
  return { flips: verb.flips, between, isSure: isBeside && verb.isSure, verb }
}

/** "Disable alerts for `ai_v1`": it is the alerts that are disabled. */
function isObjectElsewhere(between: string, mention: Mention): boolean {
  const object = /^(.*)\b(for|of|on|about)\W*$/is.exec(between)?.[1]
  const words = object?.match(/[\p{L}\p{N}_-]+/gu) ?? []
  return words.some(word => !isLight(word, mention) && !/^\p{Lu}/u.test(word))
}

const isLight = (word: string, { flag }: Mention) => LIGHT.test(word) || variantOf(flag, word) !== undefined

const hasOtherVerb = (between: string) =>
  between
    .split(/,|;|\band\b|\bthen\b|\bor\b/)
    .slice(1)
    .some(part => beginsWithVerb(part))

/** "`ai_v1`: disable if ..." and "`ai_v1` must be turned off". */
function governAfter(
  text: string,
  verbs: readonly FlipVerb[],
  mention: Mention,
  end: number,
): Governed | undefined {
  const verb = verbs.find(one => one.from >= mention.to)
  if (!verb || text.slice(mention.to, verb.from).includes(BLANK)) return undefined
  const rest = text.slice(verb.to, end)
  const stands = /^\s*($|[,.;)(]|(if|when|during|until|for|it|immediately|now|again|to|=)\b)/i.test(rest)
  if (!stands || rest.includes(BLANK)) return undefined
  const isBeside = (text.slice(mention.to, verb.from).match(/\p{L}+/gu) ?? []).length <= 4
  const said = verb.flips === 'set' ? rest : ''
  return isBeside ? { flips: verb.flips, between: said, isSure: verb.isSure, verb } : undefined
}

/** "Disable pilot": nothing but an article between, and nothing after that makes it part of another name. */
function governName(text: string, verbs: readonly FlipVerb[], mention: Mention): Governed | undefined {
  const verb = verbs.findLast(one => one.to <= mention.from)
  if (!verb || !/^\s+((the|our)\s+)?$/i.test(text.slice(verb.to, mention.from))) return undefined
  const after = /^\s*(?:(?:application|app|flag|feature|service)\b\s*)?(.*)$/is.exec(
    text.slice(mention.to),
  )![1]!
  const ends =
    /^($|[(,.;:!)—–]|- |(off|on|if|when|once|after|until|unless|during|for|and|immediately|now|again|temporarily|in)\b)/i
  const flips = verb.flips === 'set' && !/^(off|on)\b/i.test(after) ? 'no' : verb.flips
  return ends.test(after) ? { flips, between: '', isSure: false, verb } : undefined
}

/** "Disable these flags:" above an item that begins with the key. */
function inherit(text: string, mention: Mention, leads: readonly Prose[]): Governed | undefined {
  if (
    text
      .slice(0, mention.from)
      .replaceAll(BLANK, '')
      .match(/\p{L}{3}/u)
  )
    return undefined
  const lead = leads.find(({ text: said }) => flipVerbs(said).length > 0)
  const verb = lead?.text.endsWith(':') ? flipVerbs(lead.text).at(-1) : undefined
  return verb && { flips: verb.flips, between: lead!.text.slice(verb.to), isSure: false }
}

const CHECKS = /^\W*(check|verify|confirm|expect\w*|see|look|monitor|watch|whether|if|should)\b/i

/** "`ai_v1` = false", "`ai_v1` → off": a guess, since it may as well say how things are. */
function assigned(text: string, mention: Mention): Governed | undefined {
  if (CHECKS.test(text)) return undefined
  return /^["'”`)\s]*(=|:\s|→|->|=>)/.test(text.slice(mention.to))
    ? { flips: 'set', between: '', isSure: false, isQuiet: true }
    : undefined
}

function judge(
  reading: FlagReading,
  sentence: Sentence,
  mention: Mention,
  governed: Governed,
  after: string,
  flags: KnownFlags,
): void {
  const { flag } = mention
  const line = lineAt(sentence.prose, sentence.from + mention.from)
  if (governed.flips === 'no' || NAMES_ANOTHER.test(after)) {
    reading.denied.push({ flag: flag.key, line })
    return
  }
  const said = saidValue(governed, after, mention)
  const variant = said === undefined ? pinned(governed.flips, flag) : variantOf(flag, said)
  if (variant === undefined && governed.isQuiet) return
  if (variant === undefined) {
    reading.oddities.push({ flag: flag.key, said: said ?? governed.flips, line })
    return
  }
  const left = leftOf(sentence, mention, governed, variant, flags)
  const isSure = mention.isSure && governed.isSure && !sentence.isCut && left.isUnderstood
  const action = actionOf(flag, variant, line, isSure ? 'high' : 'low')
  reading.actions.push(withQualifiers(action, left.qualifiers))
}

type Left = { isUnderstood: boolean; qualifiers: Qualifier[] }

/** What the clause says besides the flip. "If the error rate stays high" is understood, and a condition. */
function leftOf(
  sentence: Sentence,
  mention: Mention,
  { verb }: Governed,
  variant: string,
  flags: KnownFlags,
): Left {
  const { text, blanked } = sentence
  const begins = Math.min(verb?.from ?? mention.from, mention.from)
  const ends = Math.max(verb?.to ?? mention.to, mention.to)
  const clause = { from: 0, begins, ends, to: text.length }
  const isValue = (word: string) => variantOf(mention.flag, word) === variant
  const pieces = leftOfClause(text, blanked, clause, flags.environments, isValue)
  const isClear = (piece: string) => isCondition(piece) && !qualifierIn(piece, flags.environments)
  return {
    isUnderstood: pieces.every(isClear),
    qualifiers: pieces.map(piece =>
      isClear(piece)
        ? { kind: 'condition', text: conditionOf(piece) ?? piece }
        : qualifierOf(piece, flags.environments),
    ),
  }
}

/** "Stop the `ai_v1` pods": the key names something that is no flag. */
const NAMES_ANOTHER =
  /^[`"'”*\s]+(?:(?:api|http|background|batch|async)\s+)?(?:pods?|queues?|workers?|process(?:es)?|deploy(?:ment|s)?|jobs?|cron\w*|alerts?|alarms?|containers?|servers?|instances?|consumers?|producers?|topics?|pipelines?|replicas?|tasks?|threads?|scripts?|clusters?|nodes?|databases?|tables?|caches?|connections?|sessions?|requests?|dashboards?|monitors?|checks?|tests?|logs?|logging|metrics?|namespace|branch|release|rollout|migration|endpoints?)\b/i
const pinned = (flips: FlipClass, flag: KnownFlag): string | undefined =>
  flips === 'kill' ? flag.killVariant : flips === 'restore' ? flag.defaultVariant : undefined

const VALUE = `["'“]?([\\p{L}\\p{N}_][\\p{L}\\p{N}_.-]*)`
const TO_VALUE = new RegExp(
  `^(?:["'”)\\s,]|\\u0001|\\b(?:and|or|flag|feature|toggle|switch|variant|value|version|setting|back|both)\\b)*` +
    `(?:from\\s+\\S+\\s+)?(?:\\b(?:back\\s+)?(?:to|into)\\b|=|:(?=\\s)|→|->|=>)\\s*(?:the\\s+)?(?:value\\s+|variant\\s+|version\\s+)?${VALUE}`,
  'iu',
)
/** "`key`: v2 → v1" goes to the latter. */
const FROM_TO = new RegExp(`^["'”)\\s]*:?\\s*${VALUE}["'”\\s]*(?:→|->|=>)\\s*${VALUE}`, 'iu')
const PARTICLE = /^(?:["')\s]|\b(?:flag|feature|toggle|switch|back)\b)*\b(off|on)\b/i

/** The value the words give: for `off` and `on` the verb itself, else what follows the key, or stands before it. */
function saidValue({ flips, between }: Governed, after: string, { flag }: Mention): string | undefined {
  if (flips === 'off') return isBoolean(flag) || variantOf(flag, 'off') ? 'false' : undefined
  if ((flips === 'kill' || flips === 'restore') && /\bkill[\s-]?switch/i.test(between)) return undefined
  if (flips === 'on') return isBoolean(flag) || variantOf(flag, 'on') ? 'true' : undefined
  const value = FROM_TO.exec(after)?.[2] ?? PARTICLE.exec(after)?.[1] ?? TO_VALUE.exec(after)?.[1]
  if (value) return value.replace(/[.-]+$/, '')
  if (flips !== 'set') return undefined
  const particle = /\b(off|on)\W*$/i.exec(between)?.[1]
  if (particle) return particle
  const before = new RegExp(
    `^\\s*(?:.*\\bto\\s+)?${VALUE}\\s*(?:(?:for|on|of|in)\\b.*|:\\s*|$|[(,;.].*)`,
    'iu',
  ).exec(between)?.[1]
  return before && variantOf(flag, before) !== undefined ? before : undefined
}
