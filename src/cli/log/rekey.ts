// killswitch audit rekey: another key signs the log from now on. With --lost, on the disk of an instance that is stopped.

import type { Command } from 'commander'
import type { Rekey, Rekeyed } from '../../wire/audit.js'
import { actOnFleet } from '../fleet/sending.js'
import { type Cli, given, isJson, type Of } from '../plumbing/context.js'
import { UsageError } from '../plumbing/exit.js'

type Options = { reason: string; lost?: true; dataDir?: string; keyFile?: string; environment?: string }

const IN_DOUBT =
  'Whether it was done is not known: look with "killswitch audit query --action log.rekeyed" before you send it again.'

const HELP = `
Examples:
  killswitch audit rekey 51d04a8b --reason "the yearly change"
  killswitch audit rekey --lost --data-dir ./data --key-file new.key --environment production --reason "the key is gone"

Give every instance the new key first: its PEM in the file KILLSWITCH_LOG_KEY_FILE, after the key that signs now, and a
restart. Then name it here by its id, which the refusal of a wrong one lists. The key before signs nothing any more, and
stays in the file until nobody verifies what it signed.

--lost is for a key that is gone. It asks no service: stop the instance, run it on its data folder, and start the service
with the new key file. Nobody with the key before vouches for this, and "killswitch audit verify" says so for ever.`

export function auditRekeyVerb(group: Command, cli: Cli): void {
  group
    .command('rekey')
    .summary('have another key sign the log from now on')
    .description(
      'Has another key sign the log from now on, by an entry that the key before signs. It takes the role owner.',
    )
    .argument('[key]', 'the id of the new key: 8 hex digits')
    .requiredOption('-r, --reason <text>', 'why')
    .option('--lost', 'the key before is lost: replaces it on the disk of an instance that is stopped')
    .option('--data-dir <folder>', 'with --lost: its data folder')
    .option('--key-file <file>', 'with --lost: the new private key (Ed25519, PEM)')
    .option('--environment <name>', 'with --lost: the environment of the service')
    .addHelpText('after', HELP)
    .action(async (key: string | undefined, options: Options, command: Command) => {
      if (options.lost) return replace(cli, key, options, command)
      if (key === undefined)
        throw new UsageError('Name the key that is to sign, by its id of 8 hex digits, or give --lost.')
      const body = given({ key, reason: options.reason } satisfies Of<Rekey>)
      return actOnFleet<Rekeyed>(
        cli,
        command,
        { path: '/v1/audit/rekey', body },
        ({ from, to, entry }) => [
          `The log is signed with the key ${to} from entry ${entry.epoch}-${entry.seq} on. ${from} signed that entry, and signs nothing after it.`,
        ],
        IN_DOUBT,
      )
    })
}

async function replace(
  { terminal }: Cli,
  key: string | undefined,
  { reason, dataDir, keyFile, environment }: Options,
  command: Command,
): Promise<void> {
  if (key !== undefined || dataDir === undefined || keyFile === undefined || environment === undefined)
    throw new UsageError('With --lost give --data-dir, --key-file and --environment, and no id.')
  const { replaceLostKey } = await import('../../process/rekey-log.js')
  const { from, to, entry, lostKey } = await replaceLostKey({
    dataDir,
    keyFile,
    environment,
    reason,
    actor: 'offline',
  })
  if (isJson(command)) terminal.json(JSON.stringify({ from, to, entry, lostKey }))
  else
    terminal.out(
      `The log in ${dataDir} is signed with the key ${to} from entry ${entry.epoch}-${entry.seq} on. Nobody with the lost key ${from} vouches for that.`,
      'Start every instance with the new key file. Where they share a Redis, this instance first.',
      ...(lostKey === undefined
        ? []
        : [
            'Add the public half of the lost key to that file: what it signed is verified with it.',
            ...lostKey.trim().split('\n'),
          ]),
    )
}
