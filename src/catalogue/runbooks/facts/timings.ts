// The clocks in a runbook: waits, how often to send updates, when the post-mortem is due.

import type { Table } from 'mdast'
import type { Runbook, Step, Timing } from '../../../wire/runbook.js'
import { reasonAbove } from '../structure/left-out.js'
import type { Outline } from '../structure/outline.js'
import { cellsOf, titlesOf } from '../structure/tables.js'
import { durationOf, durationsIn } from './durations.js'
import { ESCALATES, levelsIn, timing } from './escalations.js'
import type { Saying } from './sayings.js'

export type Timings = Pick<Runbook, 'waits' | 'updateCadences' | 'postmortemDeadline'>

export function timingsOf(outline: Outline, sayings: readonly Saying[], steps: readonly Step[]): Timings {
  const postmortemDeadline = deadlineIn(sayings)
  return {
    waits: [...waitsIn(steps), ...criteriaIn(sayings)].sort((one, other) => one.line - other.line),
    updateCadences: cadencesIn(outline, sayings),
    ...(postmortemDeadline && { postmortemDeadline }),
  }
}

export const WAIT =
  /(?:^|[.:;,(]\s*|\b(?:then|and)\s+)(?:\w{1,20}ly\s+)?(?:wait|keep|monitor|watch|observe|hold|allow|let|soak|bake|give|warten?(?: sie)?|beobachten?|esperar|espere|observar|observe|attendre|attendez|observer|observez|aguardar|aguarde|monitorar)\b|等待|观察|監視|待つ|待機|(?:分|分钟|分間)待/i

/** "stable for 15 minutes": the state that has to last, before the time it has to last for, or after it. */
const STEADY =
  /\b(?:stable|steady|healthy|green|clean|quiet|flat|normal|baseline|zero|below|under|recovered|stabil|gesund|normal(?:es)?|fehlerfrei|estables?|estáve(?:l|is)|saludables?|saudáve(?:l|is)|stables?|sain|no (?:new |more |further )?(?:errors?|alerts?|failures?|pages?|timeouts?))(?![\p{L}])|<\s?\d|安定|正常|稳定|平稳/iu
const LASTS =
  /(?:\bfor (?:at least |another |a further |the last |a full )?|\bat least |\bseit |\bmindestens |\bdurante (?:al menos |pelo menos )?|\bpendant (?:au moins )?|\bdepuis |\bpor (?:al menos |pelo menos )?|\bfür (?:mindestens )?|\büber )$/i
const LASTS_AFTER =
  /^\s*(?:long\s+)?(?:lang\s+)?(?:stabil|安定|正常|稳定|平稳|(?:間|以上)*(?:安定|正常|エラー)|stable\b)/u

/** A watch that the text sets no end to: "Monitor closely". */
const OPEN =
  /(?:^|[.:;,]\s*|\b(?:then|and)\s+)(?:(?:continue|keep on?) (?:to )?(?:monitor|watch|observ)\w*|keep (?:monitoring|watching|observing|an eye|heightened)|wait for (?:stability|recovery|(?:it|things|everything) to (?:settle|stabili\w+|recover|calm))\b|(?:monitor|watch|observe)(?: it| them)?\s*[.!]?$|(?:closely |carefully )?(?:monitor|watch|observe)\b[^.;]*\b(?:closely|carefully|recurrence|recur\w*|regressions?|relapses?|stability|recovery|a while|some time|completion|afterwards)\b|weiter(?:hin)? (?:genau )?(?:beobachten|überwachen)|(?:genau |engmaschig )(?:beobachten|überwachen)|(?:seguir|continuar) (?:monitore?ando|observando|vigilando)|(?:monitore?ar|vigilar|observar) de cerca|continue[rz]? (?:à|de) (?:surveiller|observer)|(?:surveille[rz]|observe[rz]) (?:de près|attentivement)|(?:monitorar|acompanhar) de perto)|監視を?(?:続け|継続)|様子を見|(?:持续|继续|密切)(?:监控|观察|监视|关注)/iu

function waitsIn(steps: readonly Step[]): Timing[] {
  return steps.flatMap(step => {
    const { text, line, kind, headingPath } = step
    if (kind === 'command' || ESCALATES.test(text)) return []
    const verb = WAIT.exec(text)
    const [first] = verb ? durationsIn(text).filter(({ from }) => isSaidOf(text, verb, from)) : []
    const minutes = first?.minutes ?? steadyMinutes(text)
    if (minutes === undefined && !OPEN.test(text)) return []
    const guards = guardedBy(step, steps)
    const levels = [...headingPath]
      .reverse()
      .map(levelsIn)
      .find(each => each.length > 0)
    return [{ ...timing(text, line, { minutes }, undefined, levels), ...(guards.length > 0 && { guards }) }]
  })
}

/** "Hold the review; 60 minutes": what comes after a semicolon is of something else. */
const isSaidOf = (text: string, { index }: RegExpExecArray, from: number): boolean =>
  from > index && !text.slice(index + 1, from).includes(';')

function steadyMinutes(text: string): number | undefined {
  if (!STEADY.test(text)) return undefined
  const found = durationsIn(text).find(
    ({ from, to }) => LASTS.test(text.slice(0, from)) || LASTS_AFTER.test(text.slice(to)),
  )
  return found?.minutes
}

/** The flags that are restored by the step itself ("Wait 10 min, then enable"), else by those after it under the same headings. */
function guardedBy(step: Step, steps: readonly Step[]): string[] {
  const isBeside = ({ headingPath }: Step) => headingPath.join('\n') === step.headingPath.join('\n')
  const own = [step, ...steps.filter(({ parent }) => parent === step.id)].flatMap(restored)
  const after = steps.filter(each => each.line > step.line && isBeside(each)).flatMap(restored)
  return [...new Set(own.length > 0 ? own : after)]
}

const restored = ({ flagActions }: Step): string[] =>
  flagActions.filter(({ direction }) => direction === 'restore').map(({ flag }) => flag)

/** "Exit criteria: error rate below 1 % for 15 minutes" is no step, and a wait all the same. */
const criteriaIn = (sayings: readonly Saying[]): Timing[] =>
  sayings.flatMap(({ prose: { text, line }, above, kind }) => {
    if (kind !== 'item' || reasonAbove(above) !== 'acceptance') return []
    const minutes = steadyMinutes(text)
    return minutes === undefined ? [] : [timing(text, line, { minutes })]
  })

const UPDATE =
  /\b(updates?|status|communicat\w*|stakeholders?|post|inform|notify|meldung|statusmeldung|informieren|actualizaci[oó]n(?:es)?|atualiza(?:ção|ções)|mise à jour|mises à jour)(?!\p{L})/iu

/** The hour of the next update is told with each update: "with next update ETA". */
const NEXT_UPDATE =
  /\bnext update (?:eta|time|at|by|in|due|is due|will)\b|\b(?:eta|time|hour) (?:of|for) (?:the )?next update\b|\bwhen they will hear\b|\bnächste(?:s|n|r)? (?:update|meldung|statusmeldung) (?:um|bis|folgt)\b/i

/** One for each severity that has its own, and one for all others. */
function cadencesIn(outline: Outline, sayings: readonly Saying[]): Timing[] {
  const found = [
    ...outline.sections.flatMap(({ blocks }) =>
      blocks.flatMap(({ node }) => (node.type === 'table' ? ofTable(node) : [])),
    ),
    ...sayings.flatMap(cadencesOf),
  ]
  const timed = found.some(({ minutes }) => minutes !== undefined)
  const kept = new Map<string, Timing>()
  for (const each of found) {
    const key = (each.levels ?? []).join().toLowerCase()
    if (!kept.has(key) && (each.minutes !== undefined || !timed)) kept.set(key, each)
  }
  return [...kept.values()].sort((one, other) => one.line - other.line)
}

/** `Severity | Update frequency`. */
function ofTable(table: Table): Timing[] {
  const [head, ...rows] = table.children
  const titles = titlesOf(head)
  const at = titles.findIndex(title => /\bupdates?\b|\bcadence\b|\bcommunicat/.test(title))
  return rows.flatMap(row => {
    const cells = cellsOf(row)
    const { text = '', line = 1 } = at < 0 ? {} : (cells[at] ?? {})
    const minutes = /^\W*hourly\b/i.test(text) ? 60 : durationsIn(text)[0]?.minutes
    const levels = levelsIn(cells[0]?.text ?? '')
    return minutes === undefined || levels.length === 0
      ? []
      : [timing(text, line, { minutes }, undefined, levels)]
  })
}

function cadencesOf({ prose: { text, line }, above, kind }: Saying): Timing[] {
  const isUpdate = UPDATE.test(text) || above.some(title => UPDATE.test(title))
  if (!isUpdate) return []
  const clauses = text.split(/[;,]\s+|\s+and\s+(?=every\b|(?:sev|p\d))/i)
  const levelsAbove = above.flatMap(levelsIn)
  const found = clauses.flatMap(clause => {
    const minutes = everyIn(clause)
    const levels = levelsIn(clause)
    return minutes === undefined
      ? []
      : [timing(text, line, { minutes }, undefined, levels.length > 0 ? levels : levelsAbove)]
  })
  if (found.length > 0) return found
  return NEXT_UPDATE.test(text) && (kind === 'item' || kind === 'text') ? [timing(text, line)] : []
}

function everyIn(text: string): number | undefined {
  const every =
    /\b(?:every|alle|cada|toutes les)\s+/i.exec(text) ??
    /\bupdate (?:cadence|frequency|interval)\W+/i.exec(text)
  const [first] = every
    ? durationsIn(text.slice(every.index)).filter(({ from }) => from <= every[0].length + 1)
    : []
  if (first) return first.minutes
  const one = /\b(?:every|each) (hour|half[- ]hour)\b|\bhourly updates?\b|\bupdates? hourly\b/i.exec(text)
  return one ? (/half/i.test(one[0]) ? 30 : 60) : undefined
}

export const POSTMORTEM =
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
      const due = durationOf(text.slice(within.index))
      if (due.minutes === undefined && !/\bbusiness|working\b/i.test(text)) continue
      return timing(text === prose.text ? text : `${text} ${prose.text}`, prose.line, due)
    }
  }
  return undefined
}
