// Whom to escalate to, and when: after a time, at a severity, or when a condition is true.

import type { TableRow } from 'mdast'
import type { Duration, Step, Timing } from '../../../wire/runbook.js'
import { conditionOf } from '../flips/conditions.js'
import { type Reason, reasonAbove, reasonOfTitle } from '../structure/left-out.js'
import type { Outline, Section } from '../structure/outline.js'
import { cellsOf, durationColumns, isContactTable, isPlaceholder, titlesOf } from '../structure/tables.js'
import { businessIn, durationOf, durationsIn } from './durations.js'
import type { Saying } from './sayings.js'

export function escalationsOf(
  outline: Outline,
  sayings: readonly Saying[],
  steps: readonly Step[],
): Timing[] {
  const stepsByLine = new Map(steps.map(step => [step.line, step]))
  const found = [
    ...outline.sections.flatMap(rowsOfEscalation),
    ...sayings.flatMap(saying => saidEscalations(saying, outline, stepsByLine)),
  ].sort((one, other) => one.line - other.line)
  return [...new Map(found.map(each => [JSON.stringify(each), each])).values()]
}

const AFTER =
  /^(after|time( elapsed)?|elapsed|duration|when|if (no|not)\b.*|unresolved|threshold|timeout|zeit|nach|trigger|condition|criteri|situation|wann|cuándo|quand|quando|何时|いつ|条件)/
const WHEN =
  /^(when|if\b|trigger|condition|criteri|situation|escalat\w* (when|if|criteria)|wann|cuándo|quand|quando|何时|いつ|条件)/
const TO = /escalat|notify|contact|who|page|action|eskal/

const WHO = /^(role|who|team|group|rolle|rol\b|rôle|papel|person|name|角色|役割)/

/** `15 min no progress | Add second on-call`, or by severity: `Engineering Lead | SEV1/SEV2 incidents`. */
function rowsOfEscalation(section: Section): Timing[] {
  return section.blocks.flatMap(({ node, above }) => {
    if (node.type !== 'table') return []
    const [head, ...rows] = node.children
    const titles = titlesOf(head)
    const isMeant =
      titles.some(title => /escalat|eskal/.test(title)) ||
      above.some(title => /escalat|eskal/i.test(title) || reasonOfTitle(title) === 'escalation') ||
      rows.some(row => cellsOf(row).some(({ text }) => /^\W*T\s?\+\s?\d/.test(text))) ||
      (isContactTable(titles) && titles.some(title => WHEN.test(title)))
    const { after, to } = columnsOf(titles, rows)
    if (after < 0 || to < 0 || after === to || !isMeant) return []
    return node.children.slice(1).flatMap(row => {
      const cells = cellsOf(row)
      const { text, ...time } = durationOf(cells[after]?.text ?? '')
      // "0-5 min" says how long something takes
      if (/^\W*\d{1,3}\s?[-–—]\s?\d/.test(text)) return []
      const line = row.position?.start.line ?? 1
      const who = cells[titles.findIndex(title => WHO.test(title))]?.text ?? cells[to]?.text
      const beside = cells.flatMap((cell, index) =>
        index === after || index === to ? [] : levelsIn(cell.text),
      )
      const levels = beside.length === 1 ? beside : []
      if (time.minutes !== undefined || time.business) return [timing(text, line, time, who, levels)]
      if (isOnlyLevels(text)) return [timing(text, line, {}, who, levelsIn(text))]
      const isSaid = WHEN.test(titles[after] ?? '') && !isPlaceholder(text)
      return isSaid ? [timing(text, line, {}, who, levels, text)] : []
    })
  })
}

/** By their titles; else the column with times in it, and the first one beside it. */
function columnsOf(titles: readonly string[], rows: readonly TableRow[]): { after: number; to: number } {
  const [after, to] = [
    titles.findIndex(title => AFTER.test(title)),
    titles.findIndex(title => TO.test(title)),
  ]
  if (after >= 0 && to >= 0 && after !== to) return { after, to }
  const when = titles.findIndex(title => WHEN.test(title))
  const who = titles.findIndex(title => WHO.test(title))
  if (when >= 0 && who >= 0) return { after: when, to: who }
  const timed = durationColumns(rows)[0] ?? -1
  return { after: timed, to: titles.findIndex((_, index) => index !== timed) }
}

export const timing = (
  text: string,
  line: number,
  { minutes, business }: { minutes?: number | undefined; business?: Duration['business'] } = {},
  target?: string,
  levels: string[] = [],
  condition?: string,
): Timing => ({
  text,
  ...(minutes !== undefined && { minutes }),
  ...(business && { business }),
  line,
  ...(target && { target }),
  ...(levels.length > 0 && { levels }),
  ...(condition && { condition }),
})

const LEVEL = /\b(?:sev(?:erity)?[\s-]?\d|p\d|priority \d)\b/gi

/** To page somebody is a verb; a page is not. */
export const ESCALATES =
  /\bescalat\w*|\beskalier\p{L}*|\bescal(?:ar|e|ade[rz]?|onar)(?!\p{L})|エスカレ|上报|升级(?:给|至|到)|(?:^|[.;:,(–—]\s*|\b(?:then|and|or|to|please|must|should|immediately)\s+)page\s+(?!(is|was|exists|shows|loads|with|for)\b)/iu

/** Who is called, where it is about escalation: of "Call the lead if ..." too. */
const CALLS =
  /\b(?:call|contact|notify|inform|ring|phone|wake|involve|engage|(?:loop|bring) in|anrufen|verständigen|informieren|llamar|avisar|appeler|prévenir|ligar|acionar)\b|连絡|連絡|联系|通知/iu
const TO_WHOM =
  /\b(?:escalation|escalate|page|call|contact|notify|inform|ring|phone|wake|involve|engage|loop in|bring in)\s+(?:it\s+|this\s+)?(?:to\s+|in\s+)?(?:the\s+|an?\s+)?(?!(?:if|when|unless|after|within|once)\b)([^,;.()]{2,60}?)(?=\s+(?:if|after|when|within|once|unless|immediately)\b|[,;.(]|$)/i
const AN_WEN =
  /\ban\s+(?:den\s+|die\s+|das\s+)?([^,;.()]{2,60}?)\s+eskalier|\beskalier\p{L}*\s+(?:sie\s+)?an\s+(?:den\s+|die\s+|das\s+)?([^,;.()]{2,60})|\bescal(?:ar|e)\s+(?:al?|para|ao?)\s+(?:la\s+|el\s+)?([^,;.()]{2,60})|\bescalade[rz]\s+(?:au|à|vers)\s+(?:la?\s+|le\s+)?([^,;.()]{2,60})|(?:上报|升级)(?:给|至|到)?([^，,。；]{2,30})|([^、，,。]{2,30})[にへ](?:エスカレ|連絡)/iu

/** Under these nothing is called for. */
const ELSEWHERE: readonly (Reason | undefined)[] = [
  'acceptance',
  'template',
  'history',
  'prevention',
  'links',
  'severity',
  'overview',
  'examples',
]
/** Where it is about escalation, each item below one of these says when. */
const CRITERIA =
  /\bcriteria\b|\b(?:when|if)\b|\btriggers?\b|\bconditions?\b|kriterien\b|\bwann\b|\bwenn\b|criterios|critères|critérios|\bcuándo\b|\bquand\b|\bquando\b|条件|基準|标准|何时/i
const ABOUT = /^(?:call|page|escalate)\b.*\b(?:if|when)\b|^when to (?:call|page)\b/i

/** "Cannot resolve within 15 minutes (SEV0) or 1 hour (SEV1)" is two; "P1/P2: Immediate escalation to ..." has no minutes,
 * and neither has "SEV0 or SEV1"; "Escalate if the fix needs core changes" has a condition. */
function saidEscalations(
  { prose, above, kind }: Saying,
  outline: Outline,
  steps: ReadonlyMap<number, Step>,
): Timing[] {
  if (kind !== 'item' && kind !== 'text') return []
  const { text, line } = prose
  const isAbout = above.some(title => reasonOfTitle(title) === 'escalation' || ABOUT.test(title))
  const says = ESCALATES.test(text)
  if (!isAbout && !says) return []
  const business = businessIn(text)
  const found = /\bbusiness\b/i.test(text) ? [] : durationsIn(text)
  const said =
    says || isAbout ? (TO_WHOM.exec(text)?.[1] ?? AN_WEN.exec(text)?.slice(1).find(Boolean)) : undefined
  const target = said ?? nextLevel(outline, line, above) ?? calledAfter(text, found)
  if (found.length > 0)
    return found.map(({ minutes, from, to: end }, index) => {
      const own = levelsIn(/^\s*\([^)]*\)/.exec(text.slice(end))?.[0] ?? '')
      const called = found.length > 1 ? (TO_WHOM.exec(sentenceAt(text, from))?.[1] ?? target) : target
      return timing(text, line, { minutes }, called, own.length > 0 || index > 0 ? own : levelsIn(text))
    })
  if (isAbout && isOnlyLevels(text)) return [timing(text, line, {}, target, levelsIn(text))]
  const isTimed = isAbout && says && (business || /\bimmediate(ly)?\b/i.test(text))
  if (isTimed) return [timing(text, line, { business }, target, levelsIn(text))]
  const condition = conditionSaid({ prose, above, kind }, { isAbout, says, step: steps.get(line) })
  if (condition === undefined) return []
  const levels = [said === undefined ? text : text.replace(said, ''), ...above].map(levelsIn)
  return [
    timing(
      text,
      line,
      {},
      target,
      levels.find(each => each.length > 0),
      condition,
    ),
  ]
}

const sentenceAt = (text: string, at: number): string =>
  text.slice(text.lastIndexOf('. ', at) + 1).split('. ', 1)[0] ?? ''

/** What has to be true: the whole item of a list of criteria, else what the sentence or its step depends on. */
function conditionSaid(
  { prose: { text }, above, kind }: Saying,
  { isAbout, says, step }: { isAbout: boolean; says: boolean; step: Step | undefined },
): string | undefined {
  if (ELSEWHERE.includes(reasonAbove(above))) return undefined
  const own = conditionOf(text)
  if (kind === 'item' && isAbout && CRITERIA.test(above[0] ?? ''))
    return own ?? text.split(/\s*(?:→|->|=>)/, 1)[0]!.replace(/[\s.。]+$/u, '')
  if (!says && !(isAbout && CALLS.test(text))) return undefined
  if (!isAbout && step === undefined) return undefined
  return own ?? step?.condition
}

/** "T+30: Schichtleitung anrufen", "15 min → second on-call": what stands behind the time. */
function calledAfter(text: string, found: readonly { to: number }[]): string | undefined {
  if (found.length === 0)
    return /^[^→]{3,80}(?:→|->|=>)\s*(\S.{1,78})$/u.exec(text)?.[1]?.replace(/[\s.。]+$/, '')
  const end = found.length === 1 ? found[0]!.to : undefined
  const said =
    end === undefined
      ? undefined
      : /^(?:\s*[-–—]\s|[^:→]{0,40}?(?:[:：]|→|->|=>))\s*(\S.{1,78})$/u.exec(text.slice(end))?.[1]
  return said?.replace(/[\s.。]+$/, '')
}

export const levelsIn = (text: string): string[] => Array.from(text.matchAll(LEVEL), ([level]) => level)

/** "SEV0 or SEV1", and nothing besides. */
const isOnlyLevels = (text: string): boolean =>
  levelsIn(text).length > 0 &&
  /^[\s,/.;:&-]*$/.test(text.replace(LEVEL, '').replace(/\b(any|all|every|or|and|incidents?)\b/gi, ''))

/** Under "Level 1: Operator" what cannot be solved goes to the heading after it; the last one takes it itself. */
function nextLevel(outline: Outline, line: number, above: readonly string[]): string | undefined {
  const own = above.find(title => /^(level|tier|l)\s?\d/i.test(title))
  if (own === undefined) return undefined
  const next = outline.sections.find(section => section.line > line)
  return next && /^(level|tier|l)\s?\d/i.test(next.title) ? next.title : own
}
