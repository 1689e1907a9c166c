// killswitch audit verify: whether an export is the log it says it is, and which line is not. Offline: it asks no service,
// and trusts nothing but the checkpoints it is given.

import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { parseTime } from '../../domain/clock.js'
import { placeOf } from '../../domain/log/audit.js'
import type { Checkpoint, Opening, Signed } from '../../domain/log/checkpoint.js'
import type { CommitsFound } from '../../domain/log/commits.js'
import { parseWitnesses, standingBehind, type Witnesses } from '../../domain/log/cosignature.js'
import type { Examination, Fault } from '../../domain/log/examination.js'
import { parseVerifierKey, type Verifier, verifierKey, verifyNote } from '../../domain/log/note.js'
import { visibleIn } from '../../text/terminal.js'
import { type Cli, isJson, several } from '../plumbing/context.js'
import { EXIT, UsageError } from '../plumbing/exit.js'
import { environment } from '../plumbing/settings.js'
import { verdictLines } from '../print/verdict.js'
import { compare, examine, readCheckpoint, readKey } from './export-file.js'

type Options = { key?: string; since?: string[]; against?: string; witnesses?: string; asOf?: string }

export type Vouching = {
  file: string
  size: number
  origin: string
  signature: 'verified' | 'unchecked' | 'forged' | 'unknown-key'
  /** Where the log holds what it signed. */
  ok: boolean
  problem?: string
  /** Who cosigned it within ten minutes of the hour that was asked about. */
  witnesses?: string[]
  /** The checkpoint is of a branch that the log has left, and why it is not held. */
  branch?: Opening
}

/** Another copy of the log. `line`: the first that differs. `isSigned`: it is the one that the checkpoints given signed. */
export type Against = { file: string; same: number; line?: number; isSigned: boolean }

export type Verdict = {
  ok: boolean
  file: string
  entries: number
  environment?: string
  log?: string
  head?: { place: number; epoch: number; seq: number; hash: string }
  root?: string
  fault?: Fault
  /** Which key signs the commits, whether it was checked, and where a lost key was replaced. */
  commits?: CommitsFound
  against?: Against
  /** Too few witnesses stand behind any checkpoint that holds: how many do, and how many have to. */
  unwitnessed?: { had: number; needed: number }
  /** Lines that a checkpoint vouches for, and those after them. */
  proven: number
  unproven: number
  checkpoints: Vouching[]
}

const EXAMPLES = `
Examples:
  killswitch audit export -o audit.ndjson
  killswitch audit verify audit.ndjson --since monday.checkpoint --key log.pub
  killswitch audit verify audit.ndjson --since monday.checkpoint --against tuesday.ndjson

With --key every line is shown to be written by who has the key of the log. A file <export>.checkpoint beside the export
is used as well: it shows that who has the key has rewritten nothing since. Without either the lines are shown to be one
unbroken chain, and unproven: whoever can rewrite all of them could have. Lines that were rewritten under a chain that
was hashed anew lie between two checkpoints; --against another copy of the log names the first one.
Exit codes: 0 it holds, 3 it does not, 2 usage.`

export function auditVerifyVerb(group: Command, cli: Cli): void {
  group
    .command('verify')
    .argument('<export>', 'NDJSON, whole: what "audit export" writes without any filter')
    .description(
      'Checks an export offline: finds and locates any edit, deletion, insertion, reordering or cut.',
    )
    .option(
      '--key <key>',
      "the log's public key, or a file with it: its commits, and the checkpoints, must be signed by it",
    )
    .option(
      '--since <file>',
      'a checkpoint taken earlier: the export must extend it; may be given again',
      several,
    )
    .option(
      '--witnesses <list>',
      'so many of these witnesses must stand behind a checkpoint that holds, not more than 10 minutes ago: 2:<key>,<key>,<key>; KILLSWITCH_WITNESSES, if absent',
    )
    .option('--as-of <time>', 'not more than 10 minutes before this hour, for an export from then')
    .option('--against <export>', 'another copy of the log: names the first line that differs')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, { key, since = [], against, ...given }: Options, command: Command) => {
      const beside = `${file}.checkpoint`
      const files = [...new Set([...since, ...(existsSync(beside) ? [beside] : [])])]
      const verifier = key === undefined ? undefined : await readKey(key)
      const standing = standingOf(given)
      const verdict = await verify(file, files, verifier, { against, standing })
      cli.exit = verdict.ok ? EXIT.done : EXIT.refused
      if (isJson(command)) cli.terminal.json(JSON.stringify(verdict))
      else cli.terminal.out(...verdictLines(visibleIn(verdict), cli.terminal.style))
    })
}

/** Throws a `UsageError` where a file is not what it should be. */
export async function verify(
  file: string,
  files: readonly string[],
  key: Verifier | undefined,
  { against: other, standing }: { against?: string | undefined; standing?: Standing | undefined } = {},
): Promise<Verdict> {
  const signed = await Promise.all(files.map(async each => ({ file: each, ...(await readCheckpoint(each)) })))
  const { examination, fault, commits, trusted } = await examine(
    file,
    signed.map(({ checkpoint }) => checkpoint),
    key?.key,
  )
  const vouching = signed.map(each => ({
    ...vouch(each, examination, key && [key, ...trusted.map(one => verifierOf(each.checkpoint.origin, one))]),
    ...witnessesOf(each, standing),
  }))
  const held = vouching.filter(({ ok }) => ok).map(({ size }) => size)
  const proven = fault ? 0 : Math.max(0, ...held)
  const isBelieved = (_: Signed, at: number) => ['verified', 'unchecked'].includes(vouching[at]!.signature)
  const believed = signed.filter(isBelieved).map(({ checkpoint }) => checkpoint)
  const seen = fault ?? examination.between(believed)
  const against = other === undefined ? undefined : await holdAgainst(file, other, believed)
  const found = seen && against ? located(seen, against) : seen
  const unwitnessed = standing && unwitnessedBy(vouching, standing)
  return {
    ok:
      [found, against?.line, unwitnessed].every(wrong => wrong === undefined) &&
      vouching.every(({ ok }) => ok),
    file,
    entries: examination.lines,
    ...described(examination),
    ...(found === undefined ? {} : { fault: found }),
    ...(commits === undefined ? {} : { commits }),
    ...(against === undefined ? {} : { against }),
    ...(unwitnessed === undefined ? {} : { unwitnessed }),
    proven,
    unproven: examination.lines - proven,
    checkpoints: fault === undefined ? vouching : vouching.map(each => ({ ...each, ok: false })),
  }
}

type Standing = { witnesses: Witnesses; now: number }

function standingOf({ witnesses, asOf }: Pick<Options, 'witnesses' | 'asOf'>): Standing | undefined {
  const now = asOf === undefined ? Date.now() : parseTime(asOf)
  if (now === undefined)
    throw new UsageError(`--as-of is "${asOf}": give a time such as 2026-11-20T03:00:00Z.`)
  const list = witnesses ?? environment.KILLSWITCH_WITNESSES
  if (list === undefined || list === '') return undefined
  try {
    return { witnesses: parseWitnesses(list), now }
  } catch (error) {
    throw new UsageError(`--witnesses: ${(error as Error).message}.`)
  }
}

const witnessesOf = ({ note }: Signed, standing: Standing | undefined): Pick<Vouching, 'witnesses'> =>
  standing
    ? { witnesses: standingBehind(note, standing.witnesses, standing.now).map(({ name }) => name) }
    : {}

function unwitnessedBy(vouching: readonly Vouching[], { witnesses }: Standing): Verdict['unwitnessed'] {
  const had = Math.max(0, ...vouching.map(({ ok, witnesses: by = [] }) => (ok ? by.length : 0)))
  return had >= witnesses.quorum ? undefined : { had, needed: witnesses.quorum }
}

/** How far another copy is the same, and whether it is what was signed: only then it says which line here is wrong. */
async function holdAgainst(file: string, other: string, believed: readonly Checkpoint[]): Promise<Against> {
  const { lines: same, line } = await compare(file, other)
  const { examination, fault } = await examine(other, believed)
  const isSigned = believed.length > 0 && fault === undefined && examination.between(believed) === undefined
  return { file: other, same, isSigned, ...(line === undefined ? {} : { line }) }
}

/** A line that lies somewhere between two checkpoints is the first one that is another in a copy that was signed. */
function located(fault: Fault, { file, line, isSigned }: Against): Fault {
  const { from, ...rest } = fault
  if (from === undefined || line === undefined || !isSigned || line < from || line > fault.line) return fault
  const problem = `${fault.problem}. It is line ${line} first: ${file} has another one there, and is what was signed`
  return { ...rest, line, place: fault.place - (fault.line - line), problem }
}

/** Of a checkpoint: by the key given, or one that the log names and that key leads to. */
function signatureOf(note: Signed['note'], keys: readonly Verifier[] | undefined): Vouching['signature'] {
  if (keys === undefined) return 'unchecked'
  const found = keys.map(key => verifyNote(note, key))
  return (['forged', 'verified'] as const).find(each => found.includes(each)) ?? 'unknown-key'
}

const verifierOf = (origin: string, key: KeyObject): Verifier =>
  parseVerifierKey(verifierKey(origin, key)) as Verifier

function vouch(
  { file, checkpoint, note }: Signed & { file: string },
  examination: Examination,
  keys: readonly Verifier[] | undefined,
): Vouching {
  const { size, origin } = checkpoint
  const signature = signatureOf(note, keys)
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
