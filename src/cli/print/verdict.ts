// What an offline verification found, for a person: whether it holds, what is proven by whom, and which line is not right.

import { entryId } from '../../domain/log/audit.js'
import type { Fault } from '../../domain/log/examination.js'
import { lostKeyAt } from '../../domain/log/signature.js'
import type { Against, Verdict, Vouching } from '../log/verify.js'
import type { Style } from './style.js'

export function verdictLines(verdict: Verdict, style: Style): string[] {
  const { ok, file, entries, fault, against, environment, log, head } = verdict
  const count = `${entries.toLocaleString('en-US')} ${entries === 1 ? 'entry' : 'entries'}`
  const name = log === undefined ? '' : `, log ${log.slice(0, 16)} of ${environment}`
  if (fault)
    return [
      `${style.red(style.bold('NOT OK'))}  ${file}, ${whereOf(fault)}: ${fault.kind}`,
      `  ${fault.problem}.`,
      chainLine(fault),
      ...againstLines(against, style),
      ...verdict.checkpoints
        .filter(each => each.problem !== undefined)
        .map(each => vouchingLine(each, style)),
    ].filter(Boolean)
  const upTo = head ? `, up to ${head.epoch}-${head.seq}` : ''
  return [
    `${ok ? style.green(style.bold('ok')) : style.red(style.bold('NOT OK'))}  ${file}: ${count}${upTo}${name}, one unbroken chain`,
    ...commitsLines(verdict, style),
    ...verdict.checkpoints.map(each => vouchingLine(each, style)),
    ...againstLines(against, style),
    ...unwitnessedLines(verdict, style),
    ...unprovenLines(verdict, style),
  ]
}

const whereOf = ({ from, line, place }: Fault): string =>
  from === undefined
    ? `line ${line} (entry ${entryId(place)})`
    : `lines ${from} to ${line} (up to entry ${entryId(place)})`

function chainLine({ from, line }: Fault): string {
  const before = (from ?? line) - 1
  return before > 0 ? `  The ${before.toLocaleString('en-US')} lines before it form one chain.` : ''
}

function againstLines(against: Against | undefined, style: Style): string[] {
  if (against === undefined) return []
  const { file, same, line, isSigned } = against
  if (line === undefined) return [`  ${style.green('same')}  as ${file}: all ${same} lines that both have`]
  const which = isSigned
    ? `${file} is what the checkpoints given signed`
    : 'which of the two is right, a checkpoint from before tells (--since)'
  return [`  ${style.red('differs')}  from ${file} at line ${line} first: ${which}.`]
}

function vouchingLine(
  { ok, file, size, signature, problem, origin, witnesses = [] }: Vouching,
  style: Style,
): string {
  const by = signature === 'verified' ? `signed by ${origin}` : 'signature not checked: give --key'
  const cosigned = witnesses.length > 0 ? `; cosigned by ${witnesses.join(', ')}` : ''
  if (ok) return `  ${style.green('proven')}  the first ${size} by ${file} (${by}${cosigned})`
  return `  ${style.red('not held')}  ${file}, of ${size} entries: ${problem ?? 'the export does not reach it whole'}.`
}

function commitsLines({ commits, entries }: Verdict, style: Style): string[] {
  if (commits === undefined) return []
  const { keyId, verified, lost } = commits
  const signed = verified
    ? `  ${style.green('signed')}  all ${entries}, by who has the key ${keyId}. Whether they rewrote some of them, a checkpoint from before tells (--since)`
    : `  ${style.yellow('signed')}  with the key ${keyId}, which was not checked: give --key`
  const replaced = lost.map(place => `  ${style.yellow('lost key')}  ${lostKeyAt(place)}`)
  return [signed, ...replaced]
}

function unwitnessedLines({ unwitnessed }: Verdict, style: Style): string[] {
  if (unwitnessed === undefined) return []
  const { had, needed } = unwitnessed
  const how = `${had} of the ${needed} witnesses asked for stand behind a checkpoint that holds, within ten minutes`
  return [
    `  ${style.red('unwitnessed')}  ${how}. Take one once they have cosigned it (GET /v1/audit/checkpoint); of an old one say --as-of`,
  ]
}

function unprovenLines({ unproven, entries, ok }: Verdict, style: Style): string[] {
  if (unproven === 0 || !ok) return []
  const which = unproven === entries ? 'all of it' : `the last ${unproven}`
  return [
    `  ${style.yellow('unproven')}  ${which}: no checkpoint given vouches for that. Take one now (GET /v1/audit/checkpoint), and keep it elsewhere.`,
  ]
}
