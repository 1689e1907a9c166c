// killswitch restore: shows the holds, asks, and releases exactly what was shown, if nothing changed in between.

import type { Command } from 'commander'
import type { Flag } from '../../wire/flag.js'
import type { Restore } from '../../wire/flip.js'
import type { Answer } from '../client/client.js'
import { flipOf, readFlag } from '../client/flag.js'
import { type Cli, confirm, connect, given, isJson, type Of } from '../plumbing/context.js'
import { EXIT, UsageError } from '../plumbing/exit.js'
import { explainUnknownFlag } from '../plumbing/near.js'
import { holdLines } from '../print/flag.js'
import { flipAndShow, withWait } from './flipping.js'

type Options = {
  incident?: string
  hold?: string
  all?: true
  step?: string
  reason?: string
  yes?: true
  wait: number
}

export function restoreVerb(program: Command, cli: Cli): void {
  const verb = program
    .command('restore')
    .summary('release holds; the flag is normal when its last one is gone')
    .description(
      'Shows the holds on the flag, asks, and releases the ones named. With one hold, that one is meant.',
    )
    .argument('<flag>', 'the key of the flag')
    .option('-i, --incident <id>', 'release the hold of this incident')
    .option('--hold <id>', 'release this hold')
    .option('--all', 'release every hold there is')
    .option('-s, --step <step>', 'the runbook step that restores')
    .option('-r, --reason <text>', 'why; asked for where it is missing')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch restore ai_v1 --incident INC-42 --reason "error rate at baseline for 30 minutes"\n  killswitch restore ai_v1 --all -r "provider is well" --yes',
    )
  withWait(verb).action(async (key: string, options: Options, command: Command) => {
    const client = await connect(command)
    const seen = await readFlag(client, key).catch(error => explainUnknownFlag(client, key, error))
    const named = nameHolds(seen.body, options)
    if (!isJson(command)) show(cli, seen)
    const reason = options.reason ?? (await askReason(cli, options))
    if (!(await confirm(cli.terminal, `${seen.body.restore.label}?`, options.yes === true))) {
      cli.terminal.say('Nothing was restored.')
      cli.exit = EXIT.refused
      return
    }
    const body = given({ ...named, step: options.step, reason } satisfies Of<Restore>)
    const ifMatch = seen.headers.get('etag') ?? undefined
    const flipping = { ...flipOf(key, 'restore', body), ...given({ ifMatch }) }
    await flipAndShow(cli, { client, command, wait: options.wait }, flipping)
  })
}

/** What to release, as the API wants it named. Where nothing is named and there is one hold, that one. */
function nameHolds({ key, holds }: Flag, { incident, hold, all }: Options) {
  const given = [incident && { incident }, hold && { hold }, all && { all }].filter(Boolean)
  if (given.length > 1) throw new UsageError('Give one of --incident, --hold and --all.')
  if (given[0]) return given[0]
  const [only, ...others] = holds
  if (only === undefined) throw new UsageError(`${key} is not killed: there is nothing to restore.`)
  // by its incident where it has one: a refusal then is part of that incident's story
  if (others.length === 0) return only.incident ? { incident: only.incident } : { hold: only.id }
  const choices = holds.map(
    each => `\n  ${each.incident ? `--incident ${each.incident}` : `--hold ${each.id}`}    by ${each.actor}`,
  )
  throw new UsageError(
    `${key} has ${holds.length} holds: name the one to release, or --all.${choices.join('')}`,
  )
}

function show({ terminal }: Cli, { body }: Answer<Flag>): void {
  const { aside, now } = terminal
  terminal.say(`${aside.bold(body.key)}  ${body.label}  ${aside.dim(`[${body.environment}]`)}`)
  terminal.say(...holdLines(body.holds, aside, now), '')
}

async function askReason({ terminal }: Cli, { yes }: Options): Promise<string> {
  if (!yes && terminal.canAsk) {
    const reason = await terminal.ask('Why is it safe to restore? ')
    if (reason !== '') return reason
  }
  throw new UsageError('A restore says why: give --reason "...".')
}
