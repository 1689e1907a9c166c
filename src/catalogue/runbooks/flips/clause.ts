// What is left of a flip's clause when verb, flag, value and harmless additions are taken away. A flip is sure only where
// nothing is left; whatever else its clause says is kept as written.

import { beginsWithVerb } from '../structure/wording.js'
import { BLANK } from './flag-mentions.js'
import { namesOtherEnvironment } from './qualifiers.js'

/** The places, in the text, of a clause that was read: all of it lies between `from` and `to`. */
export type Clause = {
  from: number
  /** The first of verb and key, and the end of the last of them. */
  begins: number
  ends: number
  to: number
}

/** Words that may stand between the verb and the key. */
export const LIGHT =
  /^(the|both|all|any|our|its|your|protective|features?|flags?|toggles?|switch(es)?|config(uration)?|settings?|key|property|option|application|app|service|variant|version|value|kill|of|for|in|from|named|called|off|on|back|either|and|or|to|via|using|with|through|immediately)$/i

const TOOL = `(?:(?:the|our|your|its)\\s+)?(?:(?:admin|feature|flags?|feature-flags?|ops|operations|management|control|config(?:uration)?|kill-?switch|release)[\\s-]+){0,3}(?:panel|console|ui|gui|dashboard|page|cli|api|tool(?:ing)?|portal|back-?office|terminal|command(?:\\s+line)?|flag\\s+service|flag\\s+system|launchdarkly|unleash|flagsmith|configcat|flagd|posthog|growthbook|statsig)`
const MEANS = `(?:in|on|via|using|with|from|through|by)\\s+${TOOL}|(?:via|using|through|with|by)\\s+(?:(?:the|its|our|your|a)\\s+)?(?:feature\\s+)?(?:flag|toggle|config(?:uration)?|kill[\\s-]?switch|killswitch)`
const AT_ONCE = `at\\s+once|(?:right\\s+)?now|right\\s+away|straight\\s+away|immediately|promptly|asap|first|again|back|too|also|instead|please|globally|everywhere|completely|entirely|fully|for\\s+(?:everyone|everybody|all(?:\\s+(?:users|customers|tenants))?)`
const HARMLESS = new RegExp(
  `^\\s*,?\\s*\\(?\\s*(?:${AT_ONCE}|${MEANS}|(?<=\\(\\s*)(?:sev(?:erity)?|p)[\\s-]?\\d(?=\\s*\\))|by\\s+setting\\s+(?:it|the\\s+flag|${BLANK}+))(?![\\p{L}\\p{N}])\\s*\\)?`,
  'iu',
)
const OWN_PLACE =
  /^\s*,?\s*\(?\s*(?:in|on|for)\s+(?:the\s+)?([\p{L}\p{N}][\p{L}\p{N}-]{0,62})(?:\s+(?:environment|env|system))?(?![\p{L}\p{N}])\s*\)?/iu
/** What the key is called, and the signs that close a code span or a quotation. */
const NOUN =
  /^[\s"'”’`*()]*(?:(?:feature|kill[\s-]?)?\s?(?:flags?|features?|toggles?|switch(?:es)?|variant|setting|key|option|property|config(?:uration)?))(?![\p{L}\p{N}])/iu
const VALUE =
  /^[\s"'”’`*)]*(?:(?:from\s+\S+\s+)?(?:back\s+)?(?:to|into|=|:|→|->|=>)\s*(?:the\s+)?(?:(?:value|variant|version)\s+)?["'“‘`]*(?<value>[\p{L}\p{N}_][\p{L}\p{N}_.-]*?)["'”’`]*(?=[.]?(?:[\s,;:)]|$))|(?:back\s+)?(?<side>off|on)(?![\p{L}\p{N}]))/iu
const MORE_KEYS = new RegExp(
  `^[\\s"'”’\`*)]*(?:,|&|/|\\+|and|or|as\\s+well\\s+as|,\\s*and)\\s*(?:(?:the|both|also)\\s+)?["'“‘\`]*${BLANK}+`,
  'iu',
)
const CLOSING = /^[\s"'”’`*)\],;:.!–—-]+$/u
/** Another instruction behind this one; one that speaks of the same thing again may take some of it back. */
const NEXT = /^[\s"'”’`*)]*(?:(?:[,;–—]|\s-\s)\s*)?(?:(?:and|then|and\s+then|but\s+also)\s+)?/iu
const TAKES_BACK = /\b(it|its|this|that|these|those|them|they|only|except|but|unless|instead|there)\b/i

/** The pieces of the clause that no rule understands, as written; none where the whole of it is understood. */
export function leftOfClause(
  text: string,
  blanked: string,
  clause: Clause,
  environments: readonly string[],
  isValue: (word: string) => boolean,
): string[] {
  const before = leftBefore(blanked.slice(clause.from, clause.begins), environments)
  const behind = leftBehind(blanked.slice(clause.ends, clause.to), environments, isValue)
  return [
    ...(before ? [text.slice(clause.from, clause.begins).trim()] : []),
    ...(behind < 0 ? [] : [text.slice(clause.ends + behind, clause.to).trim()]),
  ]
}

const LEADING = new RegExp(
  `^[\\s(*"'“‘\`>–—:,.-]*(?:(?:please|do(?:n['’]t|\\s+not)\\s+(?:forget|hesitate)\\s+to|then|also|finally|next|now|first|second|third|and|or|always|just|${MEANS}|you\\s+(?:should|must|need\\s+to|have\\s+to)|we\\s+(?:should|must)|to\\s+kill\\s+it|${AT_ONCE}|(?:immediate|quick|first|short[\\s-]term)?\\s*(?:actions?|mitigations?|fix|resolution|solution|containment|rollback|remediation|response|steps?\\s*\\d*|what\\s+to\\s+do|how\\s+to|workaround|option\\s+\\w{1,3})\\s*[:–—-])(?![\\p{L}\\p{N}])|[\\s,:–—-]+)`,
  'iu',
)
/** A flip before this one is read for itself: what stands between its verb and its keys counts there. */
const OTHER_FLIP = new RegExp(
  `(?:(?:do\\s+not|don['’]t|never)\\s+)?(?:\\p{L}+(?:\\s+(?:off|on|down))?\\s+)?(?:(?:the|both|feature|flags?)\\s+)*${BLANK}+(?:["'”’\`]*\\s*(?:flag|off|on|to\\s+\\S+)(?![\\p{L}\\p{N}]))*`,
  'giu',
)

/** "Disable the assistant by" in front of "setting `ai_v1` to false": what the flip is for, and not a part of it. */
const BY_SETTING =
  /(?:disable|deactivate|enable|activate|(?:turn|switch|shut)\s+(?:off|on|down)|kill|stop|pause|suspend|resume|roll\s?back|revert|mitigate)\s+(?:(?!(?:for|in|on|at|from|of|only|except)\s)[\p{L}-]+\s+){0,4}(?:off\s+|on\s+)?by\s*$/iu

function leftBefore(before: string, environments: readonly string[]): boolean {
  let rest = before.replace(OTHER_FLIP, ' ').replace(BY_SETTING, ' ')
  for (;;) {
    const known = LEADING.exec(rest) ?? ownPlace(rest, environments)
    if (!known || known[0] === '') break
    rest = rest.slice(known[0].length)
  }
  return /[\p{L}\p{N}]/u.test(rest)
}

/** Where, in what stands behind, the part begins that is not understood; below zero where all of it is. */
function leftBehind(
  behind: string,
  environments: readonly string[],
  isValue: (word: string) => boolean,
): number {
  let at = 0
  for (;;) {
    const rest = behind.slice(at)
    if (rest === '' || CLOSING.test(rest)) return -1
    const known =
      MORE_KEYS.exec(rest) ?? valueIn(rest, isValue) ?? NOUN.exec(rest) ?? harmless(rest, environments)
    if (!known || known[0].trim() === '') return isNextInstruction(rest) ? -1 : at
    at += known[0].length
  }
}

function valueIn(rest: string, isValue: (word: string) => boolean): RegExpExecArray | null {
  const value = VALUE.exec(rest)
  const word = value?.groups?.value ?? value?.groups?.side
  return value && word !== undefined && isValue(word) ? value : null
}

function harmless(rest: string, environments: readonly string[]): RegExpExecArray | null {
  const known = HARMLESS.exec(rest)
  if (known && !namesOtherEnvironment(known[0], environments)) return known
  return ownPlace(rest, environments)
}

/** "in production", where production is what this service serves. */
function ownPlace(rest: string, environments: readonly string[]): RegExpExecArray | null {
  const place = OWN_PLACE.exec(rest)
  return place && environments.includes(place[1]!.toLowerCase()) ? place : null
}

function isNextInstruction(rest: string): boolean {
  const joint = NEXT.exec(rest)?.[0] ?? ''
  const next = rest.slice(joint.length)
  return /[,;–—\p{L}-]/u.test(joint) && beginsWithVerb(next) && !TAKES_BACK.test(next)
}
