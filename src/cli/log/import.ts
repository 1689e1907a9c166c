// killswitch audit import: an export into an empty store, byte for byte. Nothing is written before all of it was verified.

import type { Command } from 'commander'
import { KillswitchError } from '../../domain/errors.js'
import type { Destination } from '../../process/import-log.js'
import { visible, visibleIn } from '../../text/terminal.js'
import { type Cli, isJson, several } from '../plumbing/context.js'
import { EXIT, type Exit, UsageError } from '../plumbing/exit.js'
import { verdictLines } from '../print/verdict.js'
import { portionsOf, readKey } from './export-file.js'
import { type Verdict, verify } from './verify.js'

type Options = { dataDir?: string; redisUrl?: string; environment?: string; since?: string[]; key?: string }

const EXAMPLES = `
Examples:
  killswitch audit import audit.ndjson --data-dir ./data
  killswitch audit import audit.ndjson --redis-url redis://127.0.0.1:6379 --environment production

Stop the service first, import, and start it on the new store. The log only is imported: tokens and the key of the log are
files of their own, and the service needs the same key there. The password of Redis is better in a file: --redis-url "$(cat redis.url)".
Exit codes: 0 done, 2 usage, 3 refused (the export is not whole, or there is a log already), 5 unreachable.`

export function auditImportVerb(group: Command, cli: Cli): void {
  group
    .command('import')
    .argument('<export>', 'NDJSON, whole: what "audit export" writes without any filter')
    .description(
      'Puts an export into an empty store, byte for byte: from one machine to Redis and back, or a backup.',
    )
    .option('--data-dir <folder>', 'into the local store in this folder')
    .option('--redis-url <url>', 'into this Redis')
    .option('--environment <name>', 'of the service on that Redis; the one in the export must be the same')
    .option('--since <file>', 'a checkpoint that the export must extend; may be given again', several)
    .option('--key <key>', "the log's public key, or a file with it: checkpoints must be signed by it")
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: Options, command: Command) => {
      const to = destinationOf(options)
      const key = options.key === undefined ? undefined : await readKey(options.key)
      const verdict = await verify(file, options.since ?? [], key)
      const asJson = isJson(command)
      if (!verdict.ok || verdict.head === undefined) return refuse(cli, verdict, asJson)
      const environment = environmentOf(options, verdict.environment)
      await carry(cli, { ...to, environment }, { ...verdict, head: verdict.head }, asJson)
    })
}

type Whole = Verdict & { head: NonNullable<Verdict['head']> }

function refuse(cli: Cli, verdict: Verdict, asJson: boolean): void {
  const { terminal } = cli
  cli.exit = EXIT.refused
  if (asJson) {
    terminal.json(JSON.stringify({ ...verdict, ok: false }))
    return
  }
  const lines = verdict.ok ? ['The export is empty.'] : verdictLines(visibleIn(verdict), terminal.style)
  terminal.out(...lines, 'Nothing was imported.')
}

async function carry(
  cli: Cli,
  to: Destination,
  { file, entries, head, commits }: Whole,
  asJson: boolean,
): Promise<void> {
  const { terminal } = cli
  const { importLog } = await import('../../process/import-log.js')
  let written = 0
  try {
    const end = await importLog(to, portionsOf(file), count => {
      written = count
      terminal.live(`importing: ${count} of ${entries} entries`)
    })
    terminal.live('')
    if (end.hash !== head.hash)
      throw new UsageError(`${file} was changed while it was imported: empty the store, and do it again.`)
    const { keyId } = commits ?? {}
    if (asJson) terminal.json(JSON.stringify({ ok: true, entries, head, keyId }))
    else
      terminal.out(
        `Imported: ${entries} entries, up to ${head.epoch}-${head.seq}, byte for byte.`,
        ...keyLines(keyId, to),
      )
  } catch (error) {
    terminal.live('')
    if (!(error instanceof KillswitchError)) throw error
    cli.exit = exitFor(error)
    const left =
      written > 0 ? ` ${written} of ${entries} entries are there now: empty the store, and do it again.` : ''
    const detail = `${error.detail}${left}`
    if (asJson) terminal.json(JSON.stringify({ ok: false, code: error.code, detail, written, ...error.data }))
    else terminal.say(`${terminal.aside.red('Not imported')} (${error.code}): ${visible(detail)}`)
  }
}

/** A service with another key would follow the log, and commit nothing. */
const keyLines = (keyId: string | undefined, to: Destination): string[] =>
  keyId === undefined
    ? []
    : [
        `It is signed with the key ${keyId}. Start the service with that key: KILLSWITCH_LOG_KEY_FILE${'dataDir' in to ? `, or log.key in ${to.dataDir}` : ''}.`,
      ]

function destinationOf({
  dataDir,
  redisUrl,
  environment,
}: Options): { dataDir: string } | { redisUrl: string } {
  if ((dataDir === undefined) === (redisUrl === undefined))
    throw new UsageError(
      'Say where to: either --data-dir <folder>, or --redis-url <url> with --environment <name>.',
    )
  if (dataDir !== undefined) return { dataDir }
  if (environment === undefined)
    throw new UsageError('--redis-url needs --environment <name>: it is part of the names of the keys.')
  return { redisUrl: redisUrl as string }
}

/** The export's own; where another one was named, nothing is imported. */
function environmentOf({ environment }: Options, found = ''): string {
  if (environment === undefined || environment === found) return found
  throw new UsageError(`The export is of environment "${found}", and --environment is "${environment}".`)
}

function exitFor({ code }: KillswitchError): Exit {
  if (code === 'log-present' || code === 'history-lost') return EXIT.refused
  return code === 'configuration' ? EXIT.usage : EXIT.unreachable
}
