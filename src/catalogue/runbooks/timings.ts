// The clocks in a runbook: escalations, waits, how often to send updates, when the post-mortem is due.

import type { TableRow } from 'mdast'
import type { Runbook, Step, Timing } from '../../wire/runbook.js'
import { durationOf, durationsIn } from './durations.js'
import { reasonOfTitle } from './left-out.js'
import type { Outline, Section } from './outline.js'
import type { Saying } from './sayings.js'
import { cellsOf, durationColumns, titlesOf } from './tables.js'

export type Timings = Pick<Runbook, 'escalations' | 'waits' | 'updateCadence' | 'postmortemDeadline'>

export function timingsOf(outline: Outline, sayings: readonly Saying[], steps: readonly Step[]): Timings {
  const updateCadence = cadenceIn(sayings)
  const postmortemDeadline = deadlineIn(sayings)
  return {
    escalations: [
      ...outline.sections.flatMap(rowsOfEscalation),
      ...sayings.flatMap(saying => saidEscalations(saying, outline)),
    ].sort((one, other) => one.line - other.line),
    waits: waitsIn(steps),
    ...(updateCadence && { updateCadence }),
    ...(postmortemDeadline && { postmortemDeadline }),
  }
}

const AFTER =
  /^(after|time( elapsed)?|elapsed|duration|when|if (no|not)\b.*|unresolved|threshold|timeout|zeit|nach)/
const TO = /escalat|notify|contact|who|page|action|eskal/

const WHO = /^(role|who|team|group|rolle)/

/** `15 min no progress | Add second on-call`, or by severity: `Engineering Lead | SEV1/SEV2 incidents`. */
function rowsOfEscalation(section: Section): Timing[] {
  return section.blocks.flatMap(({ node, above }) => {
    if (node.type !== 'table') return []
    const [head, ...rows] = node.children
    const titles = titlesOf(head)
    const isMeant =
      titles.some(title => /escalat|eskal/.test(title)) ||
      above.some(title => /escalat|eskal/i.test(title) || reasonOfTitle(title) === 'escalation') ||
      rows.some(row => cellsOf(row).some(({ text }) => /^\W*T\s?\+\s?\d/.test(text)))
    const { after, to } = columnsOf(titles, rows)
    if (after < 0 || to < 0 || after === to || !isMeant) return []
    return node.children.slice(1).flatMap(row => {
      const cells = cellsOf(row)
      const { text, minutes } = durationOf(cells[after]?.text ?? '')
      const line = row.position?.start.line ?? 1
      if (minutes !== undefined) return [timing(text, line, minutes, cells[to]?.text)]
      const who = cells[titles.findIndex(title => WHO.test(title))]?.text ?? cells[to]?.text
      return isOnlyLevels(text) ? [timing(text, line, undefined, who, levelsIn(text))] : []
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
  const timed = durationColumns(rows)[0] ?? -1
  return { after: timed, to: titles.findIndex((_, index) => index !== timed) }
}

const timing = (
  text: string,
  line: number,
  minutes?: number,
  target?: string,
  levels: string[] = [],
): Timing => ({
  text,
  ...(minutes !== undefined && { minutes }),
  line,
  ...(target && { target }),
  ...(levels.length > 0 && { levels }),
})

const LEVEL = /\b(?:sev(?:erity)?[\s-]?\d|p\d|priority \d)\b/gi

/** To page somebody is a verb; a page is not. */
const ESCALATES =
  /\bescalat\w*|(?:^|[.;:,(–—]\s*|\b(?:then|and|or|to|please|must|should|immediately)\s+)page\s+(?!(is|was|exists|shows|loads|with|for)\b)/i

/** "Cannot resolve within 15 minutes (SEV0) or 1 hour (SEV1)" is two; "P1/P2: Immediate escalation to ..." has no minutes,
 * and neither has "SEV0 or SEV1". */
function saidEscalations({ prose, above, kind }: Saying, outline: Outline): Timing[] {
  if (kind !== 'item' && kind !== 'text') return []
  const { text, line } = prose
  const isAbout = above.some(title => reasonOfTitle(title) === 'escalation')
  const says = ESCALATES.test(text)
  if (!isAbout && !says) return []
  const found = /\bbusiness\b/i.test(text) ? [] : durationsIn(text)
  const to =
    /\b(?:escalation|escalate|page)\s+(?:it\s+)?(?:to\s+)?(?:the\s+)?([^,;.()]{3,60}?)(?=\s+(?:if|after|when|within)\b|[,;.(]|$)/i
  const target =
    (says ? to.exec(text)?.[1] : undefined) ?? nextLevel(outline, line, above) ?? calledAfter(text, found)
  if (found.length === 0) {
    if (isAbout && isOnlyLevels(text)) return [timing(text, line, undefined, target, levelsIn(text))]
    const isTimed = isAbout && says && /\b(immediate(ly)?|next business day)\b/i.test(text)
    return isTimed ? [timing(text, line, undefined, target, levelsIn(text))] : []
  }
  return found.map(({ minutes, to: end }, index) => {
    const own = levelsIn(/^\s*\([^)]*\)/.exec(text.slice(end))?.[0] ?? '')
    return timing(text, line, minutes, target, own.length > 0 || index > 0 ? own : levelsIn(text))
  })
}

/** "T+30: Schichtleitung anrufen", "15 min → second on-call": what stands behind the time. */
function calledAfter(text: string, found: readonly { to: number }[]): string | undefined {
  const end = found.length === 1 ? found[0]!.to : undefined
  const said =
    end === undefined ? undefined : /^\s*(?::|→|->|=>|[-–—]\s)\s*(\S.{1,78})$/u.exec(text.slice(end))?.[1]
  return said?.replace(/[\s.。]+$/, '')
}

const levelsIn = (text: string): string[] => Array.from(text.matchAll(LEVEL), ([level]) => level)

/** "SEV0 or SEV1", and nothing besides. */
const isOnlyLevels = (text: string): boolean =>
  levelsIn(text).length > 0 &&
  /^[\s,/.;:&-]*$/.test(text.replace(LEVEL, '').replace(/\b(any|all|every|or|and|incidents?)\b/gi, ''))

/** Under "Level 1: Operator" what cannot be solved goes to the heading after it. */
function nextLevel(outline: Outline, line: number, above: readonly string[]): string | undefined {
  if (!above.some(title => /^(level|tier|l)\s?\d/i.test(title))) return undefined
  const next = outline.sections.find(section => section.line > line)
  return next && /^(level|tier|l)\s?\d/i.test(next.title) ? next.title : undefined
}

const WAIT =
  /(?:^|[.:;,(]\s*|\b(?:then|and)\s+)(?:\w{1,20}ly\s+)?(?:wait|keep|monitor|watch|observe|hold|allow|let|soak|bake|give|warten?(?: sie)?|beobachten?|esperar|espere|observar|observe|attendre|attendez|observer|observez|aguardar|aguarde|monitorar)\b|等待|观察|監視|待つ|待機|(?:分|分钟|分間)待/i

function waitsIn(steps: readonly Step[]): Timing[] {
  return steps.flatMap(({ text, line, kind }) => {
    const verb = kind === 'command' ? null : WAIT.exec(text)
    const [first] = verb ? durationsIn(text).filter(({ from }) => from > verb.index) : []
    return first ? [timing(text, line, first.minutes)] : []
  })
}

const UPDATE = /\b(updates?|status|communicat\w*|stakeholders?|post|inform|notify)\b/i

function cadenceIn(sayings: readonly Saying[]): Timing | undefined {
  for (const { prose, above } of sayings) {
    const { text, line } = prose
    const every = /\bevery\s+/i.exec(text) ?? /\bupdate (?:cadence|frequency|interval)\W+/i.exec(text)
    const isUpdate = UPDATE.test(text) || above.some(title => UPDATE.test(title))
    const [first] =
      every && isUpdate
        ? durationsIn(text.slice(every.index)).filter(({ from }) => from <= every[0].length + 1)
        : []
    if (first) return timing(text, line, first.minutes)
    const one = /\bevery (hour|half hour)\b|\bhourly updates?\b/i.exec(text)
    if (one && isUpdate) return timing(text, line, /half/i.test(one[0]) ? 30 : 60)
  }
  return undefined
}

const POSTMORTEM =
  /\bpost[-‐‑–\s]?mortem\b|事後検証|ポストモーテム|复盘|事后|\bnachbereitung\b|\bretrospective\b|\bafter[- ]action\b|\bincident review\b/i
const WITHIN =
  /\b(within|in|by|after|no later than|innerhalb|binnen|dentro de|en|em|dans|sous)\b|(?=\d+\s?(?:時間|小时|天|日)以?内)/iu

/** "Post-mortem (within 48h)", "Within 24 hours: write post-mortem", or the one as a heading over the other. */
function deadlineIn(sayings: readonly Saying[]): Timing | undefined {
  for (const { prose, above, kind } of sayings) {
    if (kind === 'code' || !POSTMORTEM.test(prose.text)) continue
    for (const text of [prose.text, ...above.slice(0, 1)]) {
      const within = WITHIN.exec(text)
      if (!within) continue
      const { minutes } = durationOf(text.slice(within.index))
      if (minutes === undefined && !/\bbusiness|working\b/i.test(text)) continue
      return timing(text === prose.text ? text : `${text} ${prose.text}`, prose.line, minutes)
    }
  }
  return undefined
}
