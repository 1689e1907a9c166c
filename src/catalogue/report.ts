// What `npm run check` prints: what was read of each runbook, then every fault and finding by file and line. Text only;
// it reads nothing and decides nothing.

import { describeFault, type Fault } from '../domain/catalogue/catalogue.js'
import { folded, visibleIn } from '../text/terminal.js'
import type { CatalogueDocument } from '../wire/catalogue.js'
import type { Finding, FlagAction, Runbook, Step } from '../wire/runbook.js'
import type { CataloguePlaces } from './load.js'
import { suggestedLinks } from './suggested-links.js'

export type Checked = {
  document: CatalogueDocument | undefined
  runbooks: readonly Runbook[]
  faults: readonly Fault[]
  findings: readonly Finding[]
  places: CataloguePlaces
}

export type Look = { isColoured: boolean; listSteps: boolean }

/** The report's lines. What stood in a file is shown without what would act on the terminal. */
export function reportLines({ places, ...checked }: Checked, look: Look): string[] {
  const { document, runbooks, faults, findings } = visibleIn(checked)
  const paint = painter(look.isColoured)
  return [
    ...(document === undefined ? [] : [paint.strong(summaryOf(document))]),
    ...runbooks.flatMap(runbook => ['', ...linesOf(runbook, places.runbooks.get(runbook.id), look, paint)]),
    ...headed(paint.bad('faults'), faults.map(describeFault)),
    ...headed(paint.odd('findings'), findings.map(findingLine)),
    ...headed(
      'links to paste, once you have read what each step says',
      document === undefined ? [] : suggestedLinks(document, runbooks, findings),
    ),
    '',
    closing(faults.length, findings.length, paint),
  ].map(folded)
}

/** The same for a program; steps with all they carry. */
export function reportJson({ document, runbooks, faults, findings }: Checked): string {
  const { digest, applications, flags } = document ?? {}
  return JSON.stringify({ digest, applications, flags, runbooks, faults, findings }, null, 2)
}

const count = (many: number, one: string): string => `${many} ${one}${many === 1 ? '' : 's'}`

function summaryOf({ applications, flags, links, runbooks, digest }: CatalogueDocument): string {
  const counts = [
    count(applications.length, 'application'),
    count(flags.length, 'flag'),
    count(runbooks.length, 'runbook'),
    count(links.length, 'link'),
  ]
  return `catalogue ${digest.slice(0, 12)}: ${counts.join(', ')}`
}

function linesOf(runbook: Runbook, file: string | undefined, look: Look, paint: Paint): string[] {
  const { id, title, steps, severities, leftOut } = runbook
  const left = Object.entries(leftOut).map(([reason, many]) => `${many} ${reason}`)
  const actions = steps.flatMap(step => step.flagActions.map(action => ({ step, action })))
  return [
    `${paint.strong(`runbook ${id}`)}  ${file ?? ''}  ${title}`.trimEnd(),
    `  steps         ${steps.length}`,
    ...(look.listSteps ? steps.map(stepLine) : []),
    `  severities    ${severities.map(severityOf).join(', ') || 'none found'}`,
    `  flag actions  ${actions.length === 0 ? 'none' : actions.length}`,
    ...actions.map(({ step, action }) => actionLine(step, action, paint)),
    `  left out      ${left.join(', ') || 'nothing'}`,
  ]
}

function severityOf({ level, responseTime }: Runbook['severities'][number]): string {
  return responseTime === undefined ? level : `${level} (${responseTime.text})`
}

const stepLine = ({ line, code, id, text }: Step): string =>
  `    ${String(line).padStart(4)}  ${code}  ${id}  ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`

function actionLine({ id, code, condition }: Step, action: FlagAction, paint: Paint): string {
  const { line, direction, flag, variant, confidence } = action
  const how = confidence === 'high' ? '' : `, ${confidence === 'link' ? 'by a link' : 'uncertain'}`
  const when = condition === undefined ? '' : `, where: ${condition}`
  const verb = direction === 'kill' ? paint.bad(direction.padEnd(7)) : direction.padEnd(7)
  return `    ${String(line).padStart(4)}  ${verb}  ${flag} -> ${variant}  ${id} (${code}${how}${when})`
}

export function findingLine({ file, runbook, line, message, code }: Finding): string {
  return `${file ?? runbook ?? 'catalogue'}:${line ?? 1}: ${message} [${code}]`
}

const headed = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines]

function closing(faults: number, findings: number, paint: Paint): string {
  const text = `${count(faults, 'fault')}, ${count(findings, 'finding')}`
  return faults > 0 ? paint.bad(text) : findings > 0 ? paint.odd(text) : paint.good(text)
}

type Paint = Record<'strong' | 'bad' | 'odd' | 'good', (text: string) => string>

function painter(isColoured: boolean): Paint {
  const colour = (code: number) => (text: string) => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { strong: colour(1), bad: colour(31), odd: colour(33), good: colour(32) }
}
