// An error in plain words, with the way out as a command to type.

import { linesOf } from '../../text/characters.js'
import {
  EXIT,
  type Exit,
  isUnable,
  type Problem,
  RefusedError,
  UnreachableError,
  UsageError,
} from '../plumbing/exit.js'
import { firstLine } from './step.js'
import type { Style } from './style.js'
import { commandOf, waysFor } from './wording.js'

export function exitOf(error: unknown): Exit {
  if (error instanceof RefusedError) return error.exit
  return error instanceof UnreachableError ? EXIT.unreachable : EXIT.usage
}

/** For `--json`: what the service sent, or the same form where it sent nothing. */
export function problemJson(error: unknown): string {
  if (error instanceof RefusedError) {
    return error.isProblem ? error.text : JSON.stringify(error.problem)
  }
  if (error instanceof UnreachableError)
    return JSON.stringify({
      code: 'unreachable',
      detail: [error.message, error.standing].filter(Boolean).join(' '),
      tried: error.failures,
    })
  return JSON.stringify({ code: 'usage', detail: (error as Error).message })
}

export function problemLines(error: unknown, style: Style): string[] {
  if (error instanceof RefusedError) return refusalLines(error, style)
  if (error instanceof UnreachableError) return unreachableLines(error, style)
  const lines = error instanceof UsageError ? error.message : ((error as Error).stack ?? String(error))
  return linesOf(lines).map((line, index) =>
    index === 0 ? `${style.red('killswitch:')} ${line}` : line.replace(/^(?! {2})/, '  '),
  )
}

function refusalLines({ problem }: RefusedError, style: Style): string[] {
  const head = isUnable(problem) ? 'Not done' : 'Refused'
  const request = problem.requestId ? style.dim(`  request ${problem.requestId}`) : ''
  return [
    `${style.red(style.bold(head))} (${problem.code}): ${sentence(problem)}`,
    ...waysOut(problem).map(line => `  ${line}`),
    ...(isUnable(problem) && request ? [request] : []),
  ]
}

/** What happened, and what to type. An older service has all of it in its detail. */
const sentence = ({ message, detail, wayOut }: Problem): string =>
  message === undefined ? detail : [message, ...waysFor(wayOut)].join(' ')

/** What the problem lists, and what to type next. */
function waysOut({ code, near, candidates, call, children, holds, verdicts }: Problem): string[] {
  const run = call && commandOf(call)
  const named = (name: string) => candidates?.find(({ step }) => step === name)
  return [
    ...(near ?? []).map(name => ['near: ', name, ...about(named(name))].join('')),
    ...(verdicts ?? []).map(
      ({ flag, verdict, detail }) => `${flag}: ${verdict}${detail ? `: ${detail}` : ''}`,
    ),
    ...(children ?? []).map(child => `killswitch run ${child.code}    ${firstLine(child.text)}`),
    ...(run ? [run] : []),
    ...(holds ?? []).map(holdLine),
    // a code that another service made up may be the name of a member that every object has
    ...(Object.hasOwn(HINTS, code) ? (HINTS[code] ?? []) : []),
  ]
}

const about = (step: Candidate | undefined): string[] =>
  step === undefined ? [] : [`    ${step.code}  ${firstLine(step.text)}`]

type Candidate = NonNullable<Problem['candidates']>[number]
type Hold = NonNullable<Problem['holds']>[number]

const holdLine = ({ id, incident, actor, since }: Hold): string =>
  `hold ${id}: ${incident ? `${incident}, ` : ''}by ${actor}, since ${since}`

const HINTS: Record<string, string[]> = {
  unauthenticated: [
    'The token comes from --token, KILLSWITCH_TOKEN or the config file; "killswitch doctor" says which service it is for.',
  ],
  'unknown-route': ['This service is older than this command, or the URL has a path too much.'],
  'precondition-failed': ['Look again with "killswitch status <flag>", then send it again.'],
  'store-unavailable': [
    'Nothing was done. Kills are taken by an instance that has a known state: give each instance with --url.',
  ],
}

function unreachableLines({ failures, standing, detail }: UnreachableError, style: Style): string[] {
  // interrupted by hand: nothing was wrong with any URL
  if (failures.length === 0) return [style.yellow(standing ?? '')]
  return [
    `${style.red(style.bold('No answer'))} from Killswitch:`,
    ...failures.map(({ url, why }) => `  ${url}: ${why}`),
    ...(detail ? [detail] : []),
    ...(standing ? [style.yellow(standing)] : []),
    'Each running app keeps the state it last knew. Other instances: --url or KILLSWITCH_URL (a comma list); "killswitch doctor" looks closer.',
  ]
}
