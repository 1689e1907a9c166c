// killswitch audit verify: whether an export is the log it says it is, and which line is not. Offline: it asks no service,
// and trusts nothing but the checkpoints it is given.

import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { placeOf } from '../domain/audit.js'
import type { Checkpoint, Opening, Signed } from '../domain/checkpoint.js'
import type { Examination, Fault } from '../domain/examination.js'
import { type Verifier, verifyNote } from '../domain/note.js'
import { type Cli, isJson, several } from './context.js'
import { EXIT, UsageError } from './exit.js'
import { examine, readCheckpoint, readKey } from './export-file.js'
import { verdictLines } from './print/verdict.js'

type Options = { key?: string; since?: string[] }

export type Vouching = {
  file: string
  size: number
  origin: string
  signature: 'verified' | 'unchecked' | 'forged' | 'unknown-key'
  /** Where the log holds what it signed. */
  ok: boolean
  problem?: string
  /** The checkpoint is of a branch that the log has left, and why it is not held. */
  branch?: Opening
}

export type Verdict = {
  ok: boolean
  file: string
  entries: number
  environment?: string
  log?: string
  head?: { place: number; epoch: number; seq: number; hash: string }
  root?: string
  fault?: Fault
  /** Lines that a checkpoint vouches for, and those after them. */
  proven: number
  unproven: number
  checkpoints: Vouching[]
}

const EXAMPLES = `
Examples:
  killswitch audit export -o audit.ndjson
  killswitch audit verify audit.ndjson --since monday.checkpoint --key log.pub

A file <export>.checkpoint beside the export is used as well. Without any checkpoint the lines are shown to be one
unbroken chain, and unproven: whoever can rewrite all of them could have.
Exit codes: 0 it holds, 3 it does not, 2 usage.`

export function auditVerifyVerb(group: Command, cli: Cli): void {
  group
    .command('verify')
    .argument('<export>', 'NDJSON, whole: what "audit export" writes without any filter')
    .description(
      'Checks an export offline: finds and locates any edit, deletion, insertion, reordering or cut.',
    )
    .option('--key <key>', "the log's public key, or a file with it: checkpoints must be signed by it")
    .option(
      '--since <file>',
      'a checkpoint taken earlier: the export must extend it; may be given again',
      several,
    )
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, { key, since = [] }: Options, command: Command) => {
      const beside = `${file}.checkpoint`
      const files = [...new Set([...since, ...(existsSync(beside) ? [beside] : [])])]
      const verdict = await verify(file, files, key === undefined ? undefined : await readKey(key))
      cli.exit = verdict.ok ? EXIT.done : EXIT.refused
      if (isJson(command)) cli.terminal.raw(JSON.stringify(verdict))
      else cli.terminal.out(...verdictLines(verdict, cli.terminal.style))
    })
}

/** Throws a `UsageError` where a file is not what it should be. */
export async function verify(
  file: string,
  files: readonly string[],
  key: Verifier | undefined,
): Promise<Verdict> {
  if (key !== undefined && files.length === 0)
    throw new UsageError(
      `There is no checkpoint to verify with the key: give --since <file>, or have ${file}.checkpoint beside the export.`,
    )
  const signed = await Promise.all(files.map(async each => ({ file: each, ...(await readCheckpoint(each)) })))
  const { examination, fault } = await examine(
    file,
    signed.map(({ checkpoint }) => checkpoint),
  )
  const vouching = signed.map(each => vouch(each, examination, key))
  const held = vouching.filter(({ ok }) => ok).map(({ size }) => size)
  const proven = fault ? 0 : Math.max(0, ...held)
  const isBelieved = (_: Signed, at: number) => ['verified', 'unchecked'].includes(vouching[at]!.signature)
  const found = fault ?? faultAgainst(signed.filter(isBelieved), examination)
  return {
    ok: found === undefined && vouching.every(({ ok }) => ok),
    file,
    entries: examination.lines,
    ...described(examination),
    ...(found === undefined ? {} : { fault: found }),
    proven,
    unproven: examination.lines - proven,
    checkpoints: fault === undefined ? vouching : vouching.map(each => ({ ...each, ok: false })),
  }
}

/** A checkpoint of a branch that was left is told as such, not as damage to the export. */
const faultAgainst = (signed: readonly Signed[], examination: Examination): Fault | undefined =>
  signed
    .filter(({ checkpoint }) => examination.branchOf(checkpoint) === undefined)
    .map(({ checkpoint }) => examination.against(checkpoint))
    .filter(fault => fault !== undefined)
    .sort((a, b) => a.line - b.line)[0]

function vouch(
  { file, checkpoint, note }: Signed & { file: string },
  examination: Examination,
  key: Verifier | undefined,
): Vouching {
  const { size, origin } = checkpoint
  const signature: Vouching['signature'] = key === undefined ? 'unchecked' : verifyNote(note, key)
  const about = { file, size, origin, signature }
  if (signature === 'forged')
    return { ...about, ok: false, problem: 'its signature does not hold: it is forged' }
  if (signature === 'unknown-key') return { ...about, ok: false, problem: 'it is not signed with this key' }
  const fault = examination.against(checkpoint)
  if (fault === undefined) return { ...about, ok: true }
  const branch = examination.branchOf(checkpoint)
  return {
    ...about,
    ok: false,
    problem: branch ? leftBranch(checkpoint, branch) : fault.problem,
    ...(branch ? { branch } : {}),
  }
}

const leftBranch = ({ head }: Checkpoint, { epoch, after }: Opening): string =>
  `it was signed at entry ${head?.epoch}-${head?.seq}, on a branch that the log left after ${after.epoch}-${after.seq}, ` +
  `where epoch ${epoch} was opened: a failover. What was on that branch is kept in forks/ of the instance that was on it`

function described({ log, environment, head, root }: Examination): Partial<Verdict> {
  if (log === undefined || head === undefined) return {}
  return {
    log,
    ...(environment === undefined ? {} : { environment }),
    head: { place: placeOf(head), ...head },
    root: root.toString('hex'),
  }
}
