// The verbs that flip a flag, and whether one stands there as an instruction: not negated, not a noun, not a statement.

import { beginsWithVerb } from '../structure/wording.js'

/** `set` needs a value or a particle; `no` is a flip that is forbidden or only talked about. */
export type FlipClass = 'off' | 'on' | 'kill' | 'restore' | 'set' | 'no'
/** Where it is not sure, the words may also speak of a permission or of a state. */
export type FlipVerb = { flips: FlipClass; from: number; to: number; isSure: boolean }

/** "the `ai_v1` kill switch" after a verb: pulling it kills, releasing it restores. */
const KILL_SWITCH = '\\s+(?:(?:the|our|its|a)\\s+)?(?:\\u0001+\\s+)?(?:feature\\s+)?kill[\\s-]?switch'
const IS_KILL_SWITCH = new RegExp(`^${KILL_SWITCH}`, 'i')
const MOVE = 'turn(?:ing|ed)?|switch(?:ing|ed)?|toggl(?:e|ing|ed)|flip(?:ping|ped)?|shut(?:ting)?'
const FLIP = new RegExp(
  [
    `(?<off>disabl(?:e|ing|ed)|deactivat(?:e|ing|ed)|(?:${MOVE})\\s+off|shut(?:ting)?\\s+down|stop(?:ping|ped)?|paus(?:e|ing|ed)|suspend(?:ing|ed)?)`,
    `(?<on>(?:re-?)?(?:enabl|activat)(?:e|ing|ed)|(?:${MOVE})\\s+(?:back\\s+)?on|resum(?:e|ing|ed)|unpaus(?:e|ing|ed))`,
    '(?<kill>kill(?:ing|ed)?)',
    '(?<restore>restor(?:e|ing|ed)|un-?kill(?:ing|ed)?)',
    `(?<pull>(?:pull|trip|hit|throw|press|fire|trigger|engage|use|invoke|apply)(?=${KILL_SWITCH}))`,
    `(?<release>(?:release|lift|reset|disengage)(?=${KILL_SWITCH}))`,
    `(?<set>set(?:ting)?|chang(?:e|ing|ed)|${MOVE}|revert(?:ing|ed)?|roll(?:ing|ed)?(?:\\s?back)?|move|pin(?:ning|ned)?|forc(?:e|ing|ed)|return(?:ed)?|updat(?:e|ing|ed)|overrid(?:e|ing|den))`,
  ]
    .map(part => `(?<![\\w.])${part}(?!\\w)`)
    .join('|'),
  'gi',
)

const NOUN_BEFORE = /\b(the|an?|this|that|its|our|your|feature|kill|master|each|every)(\s+|-)$/i
const STATEMENT_BEFORE =
  /\b(is|are|was|were|been|being|gets?|got|isn't|aren't)\s+((?!to\s)\w+\s+)?$|\b(was|were)\s+to\s+$/i
/** "should be disabled" may say how things are to be found, "should be turned off" what to do. */
const EXPECTED_BEFORE = /\b(should|shall|must|needs? to|has to|have to)\s+(\w+\s+)?be\s+$/i
const STATE = /^(enabled|disabled|activated|deactivated|suspended|paused|restored)$/
const PERMITTED_BEFORE = /\b(may|might|can|could)\s+(\w+ly\s+)?$/i
const OTHERS_BEFORE =
  /\bremind(er|s)?\b[^.:]*\bto\s+$|\b(only|nobody|no one)\b[^.,:]*\b(may|can|should|is allowed to|are allowed to)\s+(\w+ly\s+)?$/i
const DUE_BEFORE = /\b(must|should|shall|needs? to|has to|have to|to)\s+(\w+\s+)?be\s+$/i
const ADVICE_BEFORE = /\b(by|consider|try|recommend|suggest)\s+$/i
const TALK_BEFORE =
  /\b(if|when|after|before|once|until|unless|whether)\s+(you|we|they|the team|operators?|someone)\s+(\w+\s+)?$|\b(that|which|who|how to|whether to|who may|who can)\s+(\w+ly\s+)?$/i
const NEGATION =
  /\b(do not|does not|don['’]?t|doesn['’]t|never|not|cannot|can['’]?t|won['’]t|mustn['’]t|shouldn['’]t|without|avoid|no need to|no reason to|under no circumstances|forbidden to|instead of|rather than|no longer|refrain from)\b(?!\s+(forget|hesitate)\b)/gi

/** The flip verbs of one sentence, in order; `text` has flag keys and code spans blanked out. */
export function flipVerbs(text: string): FlipVerb[] {
  return Array.from(text.matchAll(FLIP), match => {
    const groups = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)
    const from = match.index
    const to = from + match[0].length
    const before = text.slice(0, from)
    const after = text.slice(to)
    const isSaid = isInstruction(match[0].toLowerCase(), before, after)
    if (isSaid === undefined) return undefined
    const meant = flipOf(groups![0], IS_KILL_SWITCH.test(after) ? after : undefined)
    const isState = STATE.test(match[0].toLowerCase()) && EXPECTED_BEFORE.test(before)
    const isSure = meant.isSure && !isState && !PERMITTED_BEFORE.test(before)
    return { flips: isSaid ? meant.flips : 'no', from, to, isSure: isSure || !isSaid }
  }).filter(verb => verb !== undefined)
}

/**
 * What a verb does; `after` where a kill switch follows it. Whoever turns one off may mean to release it, or to turn off
 * what it stands for: that is never sure.
 */
function flipOf(group: string, after: string | undefined): { flips: FlipClass; isSure: boolean } {
  if (group === 'pull') return { flips: 'kill', isSure: true }
  if (group === 'release') return { flips: 'restore', isSure: false }
  if (after === undefined) return { flips: group as FlipClass, isSure: true }
  const side = group === 'set' ? /^[^.;]*?\b(off|on)\b/i.exec(after)?.[1]?.toLowerCase() : undefined
  if (group === 'off' || group === 'restore' || side === 'off') return { flips: 'restore', isSure: false }
  return { flips: 'kill', isSure: side === undefined }
}

/** True: an instruction. False: a flip that is forbidden, stated or talked about. Undefined: not a verb here. */
function isInstruction(verb: string, before: string, after: string): boolean | undefined {
  const word = verb.split(/\s/, 1)[0]!
  if (/^(kill|stop)$/.test(word) && /^[\s-]*switch/i.test(after)) return undefined
  const isBase = !/(ing|ed)$/.test(word)
  if (isBase && NOUN_BEFORE.test(before)) return undefined
  if (isNegated(before) || TALK_BEFORE.test(before) || STATEMENT_BEFORE.test(before)) return false
  if (OTHERS_BEFORE.test(before) || (STATE.test(word) && /\b(should|shall)\s+(\w+\s+)?be\s+$/i.test(before)))
    return false
  if (word.endsWith('ing')) return ADVICE_BEFORE.test(before)
  return isBase ? !/\bbe\s+$/i.test(before) || DUE_BEFORE.test(before) : DUE_BEFORE.test(before)
}

/** A negation holds until a new clause: `but`, a colon, or a comma after a verb of its own. */
export function isNegated(before: string): boolean {
  return Array.from(before.matchAll(NEGATION)).some(match => {
    const between = before.slice(match.index + match[0].length)
    if (/\b(but|then|instead,)\s|[:—–]| - /i.test(between)) return false
    return !(/,\s*(instead\s+|\w+ly\s+)?$/.test(between) && beginsWithVerb(between))
  })
}
