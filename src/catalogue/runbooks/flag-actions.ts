// Flags that running text flips: a known key beside a flip verb, the nearest verb governing. A key with no such verb,
// a verb with no such key, and a code span alone are nothing.

import {
  actionOf,
  type FlagReading,
  isBoolean,
  type KnownFlag,
  type KnownFlags,
  variantOf,
} from './flag-values.js'
import { type FlipClass, type FlipVerb, flipVerbs } from './flip-verbs.js'
import { lineAt, type Prose } from './prose.js'
import { beginsWithVerb } from './wording.js'

type Mention = { flag: KnownFlag; from: number; to: number; isName: boolean; isSure: boolean }
type Governed = { flips: FlipClass; between: string; isSure: boolean }

const BLANK = '\u0001'

export const actsOnFlag = (prose: Prose, flags: KnownFlags): boolean =>
  readText(prose, flags).actions.some(action => action.confidence === 'high')

/** `leads` are the sentences the text stands under, innermost first, which may carry its verb. */
export function readText(prose: Prose, flags: KnownFlags, leads: readonly Prose[] = []): FlagReading {
  const reading: FlagReading = { actions: [], oddities: [] }
  const mentions = mentionsIn(prose, flags)
  if (mentions.length === 0) return reading
  const blanked = blank(prose.text, mentions)
  const verbless = blank(blanked, prose.codes)
  for (const mention of mentions) {
    const { from, to } = sentenceAround(blanked, mention)
    if (blanked.slice(to).startsWith('?')) continue
    const verbs = flipVerbs(verbless.slice(from, to)).map(verb => shift(verb, from))
    const own = mention.isName
      ? governName(verbless, verbs, mention)
      : (governBefore(verbless, verbs, mention) ?? governAfter(verbless, verbs, mention, to))
    const governed = own ?? (mention.isName ? undefined : inherit(verbless, mention, leads))
    if (governed) judge(reading, prose, mention, governed, blanked.slice(mention.to, to))
  }
  return reading
}

function mentionsIn(prose: Prose, flags: KnownFlags): Mention[] {
  if (!flags.keys) return []
  const inCode = (at: number) => prose.codes.some(({ from, to }) => from <= at && at < to)
  const keys = Array.from(prose.text.matchAll(flags.keys), ({ 0: key, index }) => {
    const isSure = /[_.-]/.test(key) || inCode(index)
    return {
      flag: (flags.byKey.get(key) ?? flags.byVariable.get(key))!,
      from: index,
      to: index + key.length,
      isName: false,
      isSure,
    }
  })
  const taken = (at: number) => keys.some(({ from, to }) => from <= at && at < to) || inCode(at)
  const names = [...flags.byName].flatMap(([name, flag]) =>
    Array.from(
      prose.text.matchAll(new RegExp(`(?<![\\w./-])${name}(?![\\w/-]|\\.\\w)`, 'gi')),
      ({ index }) => {
        return { flag, from: index, to: index + name.length, isName: true, isSure: false }
      },
    ).filter(({ from }) => !taken(from)),
  )
  return [...keys, ...names].sort((one, other) => one.from - other.from)
}

function blank(text: string, spans: readonly { from: number; to: number }[]): string {
  let result = ''
  let at = 0
  for (const { from, to } of [...spans].sort((one, other) => one.from - other.from)) {
    if (from < at) continue
    result += text.slice(at, from) + BLANK.repeat(to - from)
    at = to
  }
  return result + text.slice(at)
}

function sentenceAround(text: string, mention: Mention): { from: number; to: number } {
  let from = 0
  for (const match of text.matchAll(/[.;!?](?=\s|$)/g)) {
    if (match.index >= mention.to) return { from, to: match.index }
    from = match.index + 1
  }
  return { from, to: text.length }
}

const shift = (verb: FlipVerb, by: number): FlipVerb => ({ ...verb, from: verb.from + by, to: verb.to + by })

const BLOCKED = /\b(that|which|who|whose|because|if|when|while|until|unless|after|before|since|depending)\b/i
const LIGHT =
  /^(the|both|all|any|our|its|your|protective|features?|flags?|toggles?|switch(es)?|config(uration)?|settings?|key|property|option|application|app|service|variant|version|value|kill|of|for|in|from|named|called|off|on|back|either|and|or|to|via|using|with|through|immediately|temporarily)$/i
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
  return { flips: verb.flips, between, isSure: isBeside && verb.isSure }
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
  return isBeside ? { flips: verb.flips, between: said, isSure: verb.isSure } : undefined
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
  return ends.test(after) ? { flips, between: '', isSure: false } : undefined
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

function judge(
  reading: FlagReading,
  prose: Prose,
  mention: Mention,
  governed: Governed,
  after: string,
): void {
  const { flag } = mention
  const line = lineAt(prose, mention.from)
  if (governed.flips === 'no' || NAMES_ANOTHER.test(after)) return
  const said = saidValue(governed, after, mention)
  const variant = said === undefined ? pinned(governed.flips, flag) : variantOf(flag, said)
  const isSure = mention.isSure && governed.isSure && GOES_ON.test(after)
  if (variant === undefined) reading.oddities.push({ flag: flag.key, said: said ?? governed.flips, line })
  else reading.actions.push(actionOf(flag, variant, line, isSure ? 'high' : 'low'))
}

/** "Stop the `ai_v1` pods": the key names something that is no flag. */
const NAMES_ANOTHER =
  /^[`"'”*\s]+(?:(?:api|http|background|batch|async)\s+)?(?:pods?|queues?|workers?|process(?:es)?|deploy(?:ment|s)?|jobs?|cron\w*|alerts?|alarms?|containers?|servers?|instances?|consumers?|producers?|topics?|pipelines?|replicas?|tasks?|threads?|scripts?|clusters?|nodes?|databases?|tables?|caches?|connections?|sessions?|requests?|dashboards?|monitors?|checks?|tests?|logs?|logging|metrics?|namespace|branch|release|rollout|migration|endpoints?)\b/i
/** What may follow a key that is meant itself; another word may make it part of a name. */
const GOES_ON =
  /^[`"'”*)\s]*(?:$|[^\p{L}\s]|(?:flags?|features?|toggles?|switch(?:es)?|kill[\s-]?switch|variant|key|setting|option|property|config\w*|to|into|in|on|off|at|via|if|when|whenever|while|for|and|or|then|until|unless|after|before|during|once|now|first|again|from|by|with|using|through|as|so|because|but|only|back|instead|too|also|asap|within|per|everywhere|globally|immediately|temporarily|gradually|manually|completely|entirely|fully|at|without|rather|since|where|which|that|must|should|is|are|needs?|has|kill|restore)(?![\p{L}-]))/iu

const pinned = (flips: FlipClass, flag: KnownFlag): string | undefined =>
  flips === 'kill' ? flag.killVariant : flips === 'restore' ? flag.defaultVariant : undefined

const VALUE = `["'“]?([\\p{L}\\p{N}_][\\p{L}\\p{N}_.-]*)`
const TO_VALUE = new RegExp(
  `^(?:["'”)\\s,]|\\u0001|\\b(?:and|or|flag|feature|toggle|switch|variant|value|version|setting|back|both)\\b)*` +
    `(?:from\\s+\\S+\\s+)?(?:\\b(?:back\\s+)?(?:to|into)\\b|=|:(?=\\s)|→|->|=>)\\s*(?:the\\s+)?(?:value\\s+|variant\\s+|version\\s+)?${VALUE}`,
  'iu',
)
const PARTICLE = /^(?:["')\s]|\b(?:flag|feature|toggle|switch|back)\b)*\b(off|on)\b/i

/** The value the words give: for `off` and `on` the verb itself, else what follows the key, or stands before it. */
function saidValue({ flips, between }: Governed, after: string, { flag }: Mention): string | undefined {
  if (flips === 'off') return isBoolean(flag) || variantOf(flag, 'off') ? 'false' : undefined
  if ((flips === 'kill' || flips === 'restore') && /\bkill[\s-]?switch/i.test(between)) return undefined
  if (flips === 'on') return isBoolean(flag) || variantOf(flag, 'on') ? 'true' : undefined
  const value = PARTICLE.exec(after)?.[1] ?? TO_VALUE.exec(after)?.[1]
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
