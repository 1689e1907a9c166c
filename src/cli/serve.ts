// killswitch serve: the service itself, in this process, so that its signals are its own.

import type { Command } from 'commander'

export function serveVerb(program: Command): void {
  program
    .command('serve')
    .summary('run the service')
    .description(
      'Runs the service in the foreground. It is configured by its environment: --help lists the variables.',
    )
    .helpOption(false)
    .option('-h, --help', 'list the variables')
    .action(async () => {
      await import('../main.js')
    })
}
