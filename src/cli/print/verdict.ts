// What an offline verification found, for a person: whether it holds, what is proven by whom, and which line is not right.

import type { Verdict, Vouching } from '../audit-verify.js'
import type { Style } from './style.js'

export function verdictLines(verdict: Verdict, style: Style): string[] {
  const { ok, file, entries, fault, environment, log, head } = verdict
  const count = `${entries.toLocaleString('en-US')} ${entries === 1 ? 'entry' : 'entries'}`
  const name = log === undefined ? '' : `, log ${log.slice(0, 16)} of ${environment}`
  if (fault)
    return [
      `${style.red(style.bold('NOT OK'))}  ${file}, line ${fault.line} (place ${fault.place}): ${fault.kind}`,
      `  ${fault.problem}.`,
      `  ${fault.line > 1 ? `The ${(fault.line - 1).toLocaleString('en-US')} lines before it form one chain.` : ''}`.trimEnd(),
      ...verdict.checkpoints
        .filter(each => each.problem !== undefined)
        .map(each => vouchingLine(each, style)),
    ].filter(Boolean)
  const upTo = head ? `, up to ${head.epoch}-${head.seq}` : ''
  return [
    `${ok ? style.green(style.bold('ok')) : style.red(style.bold('NOT OK'))}  ${file}: ${count}${upTo}${name}, one unbroken chain`,
    ...verdict.checkpoints.map(each => vouchingLine(each, style)),
    ...unprovenLines(verdict, style),
  ]
}

function vouchingLine({ ok, file, size, signature, problem, origin }: Vouching, style: Style): string {
  const by = signature === 'verified' ? `signed by ${origin}` : 'signature not checked: give --key'
  if (ok) return `  ${style.green('proven')}  the first ${size} by ${file} (${by})`
  return `  ${style.red('not held')}  ${file}, of ${size} entries: ${problem ?? 'the export does not reach it whole'}.`
}

function unprovenLines({ unproven, entries, ok }: Verdict, style: Style): string[] {
  if (unproven === 0 || !ok) return []
  const which = unproven === entries ? 'all of it' : `the last ${unproven}`
  return [
    `  ${style.yellow('unproven')}  ${which}: no checkpoint given vouches for that. Take one now (GET /v1/audit/checkpoint), and keep it elsewhere.`,
  ]
}
