// An error in plain words, with the way out as a command to type.

import type { HoldSummary } from '../../domain/hold.js'
import { EXIT, type Exit, type Problem, RefusedError, UnreachableError, UsageError } from '../exit.js'
import type { Style } from './style.js'
import { forTerminal } from './wording.js'

type Call = { body?: { step?: string; flags?: string[] } }
type Child = { step: string; code: string; text: string }
type Verdict = { flag: string; verdict: string; detail?: string }

export function exitOf(error: unknown): Exit {
  if (error instanceof RefusedError) return error.exit
  return error instanceof UnreachableError ? EXIT.unreachable : EXIT.usage
}

/** For `--json`: what the service sent, or the same form where it sent nothing. */
export function problemJson(error: unknown): string {
  if (error instanceof RefusedError) {
    const isJson = error.text.trimStart().startsWith('{')
    return isJson ? error.text : JSON.stringify(error.problem)
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
  if (error instanceof UsageError) return [`${style.red('killswitch:')} ${error.message}`]
  return [`${style.red('killswitch:')} ${(error as Error).stack ?? String(error)}`]
}

function refusalLines({ problem }: RefusedError, style: Style): string[] {
  const head = problem.status >= 500 ? 'Not done' : 'Refused'
  const request = problem.requestId ? style.dim(`  request ${problem.requestId}`) : ''
  return [
    `${style.red(style.bold(head))} (${problem.code}): ${forTerminal(withoutNear(problem))}`,
    ...waysOut(problem).map(line => `  ${line}`),
    ...(problem.status >= 500 && request ? [request] : []),
  ]
}

/** The near matches are listed below it. */
const withoutNear = ({ detail, near }: Problem): string =>
  near?.length ? detail.replace(/ Near: .*?\.(?= |$)/, '') : detail

/** What to type next, from what the problem carries. */
function waysOut(problem: Problem): string[] {
  const { code, near, call, children, holds, verdicts } = problem as Problem & {
    call?: Call
    children?: Child[]
    holds?: HoldSummary[]
    verdicts?: Verdict[]
  }
  return [
    ...(near ?? []).map(name => `near: ${name}`),
    ...(verdicts ?? []).map(
      ({ flag, verdict, detail }) => `${flag}: ${verdict}${detail ? `: ${detail}` : ''}`,
    ),
    ...(children ?? []).map(child => `killswitch run ${child.code}    ${child.text}`),
    ...(call?.body?.flags
      ? [`killswitch run ${call.body.step}${call.body.flags.map(flag => ` --flag ${flag}`).join('')}`]
      : []),
    ...(holds ?? []).map(holdLine),
    ...(HINTS[code] ?? []),
  ]
}

const holdLine = ({ id, incident, actor, since }: HoldSummary): string =>
  `hold ${id}: ${incident ? `${incident}, ` : ''}by ${actor}, since ${since}`

const HINTS: Record<string, string[]> = {
  unauthenticated: [
    'The token comes from --token, KILLSWITCH_TOKEN or the config file; "killswitch doctor" says which service it is for.',
  ],
  'unknown-route': ['This service is older than this command, or the URL has a path too much.'],
  'precondition-failed': ['Look again with "killswitch status <flag>", then send it again.'],
  'nothing-to-release': ['Name one of these: --incident <id>, --hold <id> or --all.'],
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
