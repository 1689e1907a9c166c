// The verbs that flip a flag, and whether one stands there as an instruction: not negated, not a noun, not a statement.

import { beginsWithVerb } from './wording.js'

/** `set` needs a value or a particle; `no` is a flip that is forbidden or only talked about. */
export type FlipClass = 'off' | 'on' | 'kill' | 'restore' | 'set' | 'no'
export type FlipVerb = { flips: FlipClass; from: number; to: number }

const MOVE = 'turn(?:ing|ed)?|switch(?:ing|ed)?|toggl(?:e|ing|ed)|flip(?:ping|ped)?|shut(?:ting)?'
const FLIP = new RegExp(
  [
    `(?<off>disabl(?:e|ing|ed)|deactivat(?:e|ing|ed)|(?:${MOVE})\\s+off|shut(?:ting)?\\s+down|stop(?:ping|ped)?|paus(?:e|ing|ed)|suspend(?:ing|ed)?)`,
    `(?<on>(?:re-?)?(?:enabl|activat)(?:e|ing|ed)|(?:${MOVE})\\s+(?:back\\s+)?on|resum(?:e|ing|ed)|unpaus(?:e|ing|ed))`,
    '(?<kill>kill(?:ing|ed)?)',
    '(?<restore>restor(?:e|ing|ed))',
    `(?<set>set(?:ting)?|chang(?:e|ing|ed)|${MOVE}|revert(?:ing|ed)?|roll(?:ing|ed)?\\s?back|move|pin(?:ning|ned)?|forc(?:e|ing|ed)|return(?:ed)?)`,
  ]
    .map(part => `(?<![\\w.])${part}(?!\\w)`)
    .join('|'),
  'gi',
)

const NOUN_BEFORE = /\b(the|an?|this|that|its|our|your|feature|kill|master|each|every)[\s-]+$/i
const STATEMENT_BEFORE = /\b(is|are|was|were|been|being|gets?|got|isn't|aren't)\s+(\w+\s+)?$/i
const DUE_BEFORE = /\b(must|should|shall|needs? to|has to|have to|to)\s+(\w+\s+)?be\s+$/i
const ADVICE_BEFORE = /\b(by|consider|try|recommend|suggest)\s+$/i
const TALK_BEFORE =
  /\b(if|when|after|before|once|until|unless|whether)\s+(you|we|they|the team|operators?|someone)\s+(\w+\s+)?$|\b(that|which|who|how to|whether to|who may|who can)\s+(\w+ly\s+)?$/i
const NEGATION =
  /\b(do not|does not|don['’]?t|doesn['’]t|never|not|cannot|can['’]?t|won['’]t|mustn['’]t|shouldn['’]t|without|avoid|no need to|instead of|rather than|no longer|refrain from)\b(?!\s+(forget|hesitate)\b)/gi

/** The flip verbs of one sentence, in order; `text` has flag keys and code spans blanked out. */
export function flipVerbs(text: string): FlipVerb[] {
  return Array.from(text.matchAll(FLIP), match => {
    const groups = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)
    const from = match.index
    const to = from + match[0].length
    const before = text.slice(0, from)
    const isSaid = isInstruction(match[0].toLowerCase(), before, text.slice(to))
    if (isSaid === undefined) return undefined
    return { flips: isSaid ? (groups![0] as FlipClass) : 'no', from, to }
  }).filter(verb => verb !== undefined)
}

/** True: an instruction. False: a flip that is forbidden, stated or talked about. Undefined: not a verb here. */
function isInstruction(verb: string, before: string, after: string): boolean | undefined {
  const word = verb.split(/\s/, 1)[0]!
  if (/^(kill|stop)$/.test(word) && /^[\s-]*switch/i.test(after)) return undefined
  const isBase = !/(ing|ed)$/.test(word)
  if (isBase && NOUN_BEFORE.test(before)) return undefined
  if (isNegated(before) || TALK_BEFORE.test(before) || STATEMENT_BEFORE.test(before)) return false
  if (word.endsWith('ing')) return ADVICE_BEFORE.test(before)
  return isBase ? !/\bbe\s+$/i.test(before) || DUE_BEFORE.test(before) : DUE_BEFORE.test(before)
}

/** A negation holds until a new clause: `but`, a colon, or a comma after a verb of its own. */
function isNegated(before: string): boolean {
  return Array.from(before.matchAll(NEGATION)).some(match => {
    const between = before.slice(match.index + match[0].length)
    if (/\b(but|then|instead,)\s|[:—–]| - /i.test(between)) return false
    return !(/,\s*(instead\s+|\w+ly\s+)?$/.test(between) && beginsWithVerb(between))
  })
}
