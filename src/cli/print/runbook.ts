// A runbook on a terminal: its scale, its times, and each step below its heading, with the code to say over the phone.

import type { ListedStep, Runbook } from '../../wire/runbook.js'
import type { Terminal } from '../plumbing/terminal.js'
import { actsOn, dangerLines, firstLine } from './step.js'
import { table } from './table.js'
import { duration } from './time.js'

type Timed = Runbook['waits'][number]

export function runbookLines(runbook: Runbook, { style, columns }: Terminal): string[] {
  const { title, id, severities, escalations, timeBoxes, waits, updateCadences, postmortemDeadline } = runbook
  const { contacts, steps, messageTemplates, postmortemTemplate: template } = runbook
  const timings: [string, Timed | undefined][] = [
    ...timeBoxes.map(each => ['time box', each] as [string, Timed]),
    ...escalations.map(each => ['escalate', each] as [string, Timed]),
    ...waits.map(each => ['wait', each] as [string, Timed]),
    ...updateCadences.map(each => ['updates', each] as [string, Timed]),
    ['post-mortem', postmortemDeadline],
  ]
  return [
    `${style.bold(title)}  ${style.dim(id)}`,
    '',
    ...table(
      ['SEVERITY', 'NAME', 'RESPOND', 'RESOLVE', 'MEANS'],
      severities.map(each => [
        each.level,
        each.name ?? '',
        each.responseTime?.text ?? '',
        each.resolutionTime?.text ?? '',
        each.description ?? '',
      ]),
      { style, columns },
    ),
    ...timings.flatMap(([name, each]) =>
      each ? [`  ${name.padEnd(11)}  ${timedWords(each)}  ${style.dim(`line ${each.line}`)}`] : [],
    ),
    ...contacts.map(
      each => `  ${'contact'.padEnd(11)}  ${each.role}: ${each.contact}  ${style.dim(`line ${each.line}`)}`,
    ),
    ...messageTemplates.map(
      each => `  ${'message'.padEnd(11)}  ${each.title}  ${style.dim(`line ${each.line}`)}`,
    ),
    ...(template
      ? [`  ${'template'.padEnd(11)}  ${template.title}  ${style.dim(`line ${template.line}`)}`]
      : []),
    ...sections(steps, { style, columns }),
  ]
}

/** `SEV0: Cannot resolve within 15 minutes (SEV0) or 1 hour (SEV1) -> Level 2 (15 min)` */
function timedWords({ text, target, levels = [], minutes }: Timed): string {
  const concerned = levels.length > 0 && !text.startsWith(levels[0] as string) ? `${levels.join(', ')}: ` : ''
  const time = minutes === undefined ? '' : duration(minutes * 60_000)
  // what the text says itself, unless it says several
  const isSaid = time === '' || (levels.length === 0 && text.includes(time))
  return `${concerned}${text}${target ? ` -> ${target}` : ''}${isSaid ? '' : ` (${time})`}`
}

type Look = Pick<Terminal, 'style' | 'columns'>

function sections(steps: Runbook['steps'], look: Look): string[] {
  const headings = [...new Set(steps.map(step => step.headingPath.join(' > ')))]
  return headings.flatMap(heading => {
    const own = steps.filter(step => step.headingPath.join(' > ') === heading)
    return [
      '',
      look.style.cyan(heading),
      ...own.flatMap(step => [stepLine(step, look), ...dangerLines(step, look.style)]),
    ]
  })
}

function stepLine(step: Omit<ListedStep, 'runbook'>, { style }: Look): string {
  const acts = actsOn(step, style)
  const indent = '  '.repeat(step.ordinal.split('.').length)
  return `${indent}${style.dim(step.code)}  ${step.ordinal.padEnd(3)} ${firstLine(step.text)}${acts ? `  [${acts}]` : ''}`
}
