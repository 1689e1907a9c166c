// killswitch audit witness: stands behind the log from another machine. Cosigns its checkpoint while it is proved to have only
// grown since the last one, once or again and again; says loudly when it is not.

import { createPrivateKey, type KeyObject } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { COSIGNER, parseVerifierKey, verifierKey } from '../../domain/log/note.js'
import { linesOf } from '../../text/characters.js'
import { inertJson } from '../../text/json.js'
import { Client } from '../client/client.js'
import { type Look, lookAt, type Witness } from '../client/witnessing.js'
import { type Cli, isJson, seconds } from '../plumbing/context.js'
import { EXIT, RefusedError, UnreachableError, UsageError } from '../plumbing/exit.js'
import { exposedFile, type GlobalOptions, readSettings } from '../plumbing/settings.js'
import { problemJson } from '../print/problem.js'
import type { Style } from '../print/style.js'
import { readText } from './export-file.js'
import { readState } from './witness-state.js'

type Options = {
  state: string
  key?: string
  witnessKey: string
  name?: string
  once?: true
  every: number
  acceptBranch?: number
}

const EXAMPLES = `
Examples:
  killswitch audit witness --state ks.state --witness-key witness.key --key log.pub
  killswitch audit witness --state ks.state --witness-key witness.key --once
  killswitch audit witness --state ks.state --witness-key witness.key --once --accept-branch 7

Make its key with "openssl genpkey -algorithm ed25519 -out witness.key".
Run it where nobody who runs the service can reach, with a viewer's token. It prints its public key: give that to the service,
to apps and to "audit verify" as KILLSWITCH_WITNESSES=1:<key>. The first checkpoint is taken as it is; --key is the log's
public key, and the state file keeps it, and those that it leads to where the log's key is changed. A log that left a branch is cosigned once a person has said that it was a failover,
by --accept-branch with the epoch that it names. Each URL is looked at by itself.
Exit codes: 0 cosigned, 3 not cosigned, or the service did not keep it, 5 unreachable, 2 usage.`

export function auditWitnessVerb(group: Command, cli: Cli): void {
  group
    .command('witness')
    .description('Cosigns the log from another machine, while it is proved to only grow.')
    .requiredOption('--state <file>', 'what was cosigned last; made where it is not there')
    .requiredOption('--witness-key <file>', 'the Ed25519 key of this witness (PEM, PKCS #8)')
    .option('--key <key>', "the log's public key, or a file with it; needed the first time")
    .option('--name <name>', 'the name of this witness, such as witness.example/1; the host name, if absent')
    .option('--once', 'look once, and end')
    .addOption(
      new Option('--every <time>', 'look again and again').argParser(seconds).default(60, '60 seconds'),
    )
    .option(
      '--accept-branch <epoch>',
      'the log left a branch where this epoch was opened, and it was a failover',
      epoch,
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options, command: Command) => {
      const witness = await witnessOf(options)
      const exposed = await exposedFile(options.witnessKey)
      if (exposed !== undefined) cli.terminal.say(cli.terminal.aside.yellow(`! ${exposed}`))
      const settings = await readSettings(command.optsWithGlobals<GlobalOptions>())
      const clients = settings.urls.map(url => new Client({ ...settings, urls: [url] }))
      cli.terminal.say(`This witness is ${verifierKey(witness.name, witness.signing, COSIGNER)}`)
      const stop = stopOnSignal()
      for (;;) {
        const rounds = await lookAll(clients, witness, options)
        for (const round of rounds) say(round, cli, isJson(command))
        if (options.once) {
          cli.exit = exitOf(rounds)
          return
        }
        await pause(options.every * 1_000, undefined, { signal: stop }).catch(() => {})
        if (stop.aborted) return
      }
    })
}

type Round = { url: string } & ({ look: Look } | { error: RefusedError | UnreachableError })

/** One after the other: each is held against what the one before had cosigned. */
async function lookAll(clients: readonly Client[], witness: Witness, { state }: Options): Promise<Round[]> {
  const rounds: Round[] = []
  for (const client of clients) {
    const url = client.urls[0] as string
    try {
      const known = await readState(state)
      if (known === undefined && witness.key === undefined)
        throw new UsageError(
          `${state} is not there yet: give the log's public key with --key, had from somewhere else.`,
        )
      rounds.push({ url, look: await lookAt(client, witness, known) })
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof UnreachableError)) throw error
      rounds.push({ url, error })
    }
  }
  return rounds
}

async function witnessOf({
  state,
  key,
  witnessKey,
  name = hostname(),
  acceptBranch,
}: Options): Promise<Witness> {
  const keyText = key === undefined ? undefined : await keyTextOf(key)
  if (!/^[^\s+]+$/u.test(name))
    throw new UsageError(`"${name}" is no name of a key: give it without spaces and plus signs.`)
  return {
    file: state,
    key: keyText === undefined ? undefined : parseVerifierKey(keyText),
    name,
    signing: await readPrivateKey(witnessKey),
    accept: acceptBranch,
    now: Date.now,
  }
}

async function keyTextOf(given: string): Promise<string> {
  const text = parseVerifierKey(given) ? given : await readText(given)
  if (parseVerifierKey(text)) return text.trim()
  throw new UsageError(
    `${given} is no public key of a log: the service says it at its start, as <name>+<id>+<key>.`,
  )
}

async function readPrivateKey(file: string): Promise<KeyObject> {
  const text = await readText(file)
  try {
    const key = createPrivateKey(text)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // said below
  }
  throw new UsageError(
    `${file} is no Ed25519 key in PEM. Make one with: openssl genpkey -algorithm ed25519 -out ${file}`,
  )
}

function epoch(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('Give the epoch that the witness named.')
}

function stopOnSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  return stop.signal
}

/** Whatever speaks against the log counts most; an address that does not answer, least. */
function exitOf(rounds: readonly Round[]): Cli['exit'] {
  const looks = rounds.flatMap(round => ('look' in round ? [round.look] : []))
  const isWrong = looks.some(({ outcome }) => outcome !== 'cosigned' && outcome !== 'behind')
  const isKept = looks.some(look => look.outcome === 'cosigned' && look.kept)
  if (isWrong) return EXIT.refused
  if (isKept) return EXIT.done
  if (looks.length > 0) return EXIT.refused
  return rounds.some(
    round => 'error' in round && round.error instanceof RefusedError && round.error.exit === EXIT.refused,
  )
    ? EXIT.refused
    : EXIT.unreachable
}

function say(round: Round, { terminal }: Cli, asJson: boolean): void {
  const { url } = round
  if (asJson) {
    const said =
      'look' in round ? round.look : { outcome: 'unanswered', problem: JSON.parse(problemJson(round.error)) }
    terminal.json(JSON.stringify({ url, ...said }))
  } else if ('error' in round) terminal.out(`no answer  ${url}: ${round.error.message}`)
  else terminal.out(...lines(url, round.look, terminal.style))
}

function lines(url: string, look: Look, style: Style): string[] {
  if (look.outcome === 'cosigned') {
    const { size, from, isFirst, kept, problem, note } = look
    const what = isFirst
      ? `${size} entries, the first seen`
      : size === from
        ? `${size} entries, as before`
        : `${size} entries, proved to go on from ${from}`
    const first = `${style.green('cosigned')}  ${url}: ${what}`
    return kept
      ? [first]
      : [first, `  The service did not keep it: ${problem ?? 'it knows no such witness'}`, ...linesOf(note)]
  }
  const { outcome, problem, notes, epoch: branch } = look
  const way =
    branch === undefined
      ? []
      : [
          `  If it was a failover, cosign it from now on with --accept-branch ${branch}: nothing of before is vouched for then.`,
        ]
  return [
    `${style.red(style.bold('NOT COSIGNED'))}  ${url}: ${outcome}: ${problem}.`,
    ...way,
    ...notes.map(note => `  ${inertJson(JSON.stringify(note))}`),
  ]
}
