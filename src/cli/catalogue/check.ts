// killswitch check: reads a catalogue and its runbooks as the service would. Its options are src/check.ts's.

import type { Command } from 'commander'
import type { Cli } from '../plumbing/context.js'
import { environment } from '../plumbing/settings.js'

export function checkVerb(program: Command, cli: Cli): void {
  program
    .command('check')
    .summary('check a catalogue and its runbooks, offline')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]')
    .action(async (_: string[], options: { json?: true }, command: Command) => {
      const { check } = await import('../../check.js')
      const json = command.optsWithGlobals<typeof options>().json ? ['--json'] : []
      cli.exit = (await check([...command.args, ...json], environment)) as Cli['exit']
    })
}
