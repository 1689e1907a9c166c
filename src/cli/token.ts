// killswitch token create: makes a credential. The token is printed once and kept nowhere; it never needs the service.

import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { parseTime } from '../domain/clock.js'
import { KillswitchError } from '../domain/errors.js'
import { newToken, sha256 } from '../tokens/first-start.js'
import { Tokens } from '../tokens/tokens.js'
import { LIMITS, type Limit, ROLES } from '../wire/words.js'
import { relativeTime } from './incident/dates.js'
import { type Cli, given, isJson, several } from './plumbing/context.js'
import { UsageError } from './plumbing/exit.js'
import { spanMs } from './print/time.js'

type Options = { role: string; expires?: string; app?: string[]; only?: Limit }

export function tokenVerbs(program: Command, cli: Cli): void {
  const group = program
    .command('token')
    .summary('make a credential')
    .description('Credentials for people and services.')
  create(group, cli)
}

function create(group: Command, { terminal }: Cli): void {
  group
    .command('create')
    .description(
      'Makes a token and prints it once, with the entry for the tokens file (KILLSWITCH_TOKENS_FILE). Asks no service.',
    )
    .argument('<id>', 'whose it is: a person or a service')
    .addOption(new Option('--role <role>', ROLES.join(', ')).choices(ROLES).makeOptionMandatory())
    .option('--expires <when>', 'in so long (90d), or at a time')
    .option('--app <application>', 'for sdk: only this application; may be given more than once', several)
    .addOption(
      new Option(
        '--only <act>',
        'a credential that may do nothing but this: kill, or (of role sdk, for web pages) evaluate',
      ).choices(LIMITS),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch token create ana --role engineer --expires 90d\n  killswitch token create trustflow-api --role sdk --app trustflow\n  killswitch token create trustflow-web --role sdk --app trustflow --only evaluate',
    )
    .action((id: string, { role, expires, app: apps, only }: Options, command: Command) => {
      const token = newToken(role)
      const until = expires === undefined ? undefined : expiry(expires)
      const entry = { id, role, sha256: sha256(token), ...given({ expires: until, apps, only }) }
      const yaml = yamlOf(entry)
      assertTaken(yaml)
      if (isJson(command)) return terminal.json(JSON.stringify({ token, entry }))
      terminal.text(`${token}\n\n${yaml}`)
      terminal.say(
        '',
        'The first line is the token, shown this once: give it to its owner over a safe way.',
        'The rest goes into the tokens file of the service, which reads it again by itself.',
      )
    })
}

const yamlOf = (entry: object): string =>
  stringify([entry], { defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN' })

/** The service's own reader says whether it would take the entry. */
function assertTaken(yaml: string): void {
  try {
    Tokens.parse(yaml, 'token')
  } catch (error) {
    const faults = error instanceof KillswitchError ? error.data.faults : undefined
    if (faults === undefined) throw error
    throw new UsageError(faults.map(({ message }) => message).join('\n'))
  }
}

function expiry(text: string): string {
  const now = Date.now()
  const span = spanMs(text)
  const at = span === undefined ? parseTime(relativeTime(text, now) ?? text) : now + span
  if (at === undefined)
    throw new UsageError(
      `--expires "${text}": give 90d, friday, a date such as 2027-01-31, or an RFC 3339 time with its zone.`,
    )
  if (at <= Date.now()) throw new UsageError(`--expires "${text}" is in the past.`)
  return new Date(at).toISOString()
}
