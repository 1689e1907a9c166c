// killswitch fleet reconcile: release in the apps the holds that they have and the log does not.

import type { Command } from 'commander'
import type { Reconcile, Reconciled } from '../../wire/instance.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { reconciledLines } from '../print/fleet.js'
import { actOnFleet } from './sending.js'

export function fleetReconcileVerb(group: Command, cli: Cli): void {
  const { terminal } = cli
  group
    .command('reconcile')
    .summary('release in the apps the holds that the log does not have')
    .description(
      'Releases, in every app instance of an application, exactly the holds that instances report and the log does not have, as after a provisional kill that was lost with its disk. "killswitch fleet" shows which flags they hold. It takes the restore role of each flag.',
    )
    .argument('<app>', 'the application')
    .requiredOption('-r, --reason <text>', 'why these holds may go')
    .addHelpText(
      'after',
      '\nExample:\n  killswitch fleet reconcile trustflow --reason "the kill was lost with its disk"',
    )
    .action((app: string, { reason }: { reason: string }, command: Command) =>
      actOnFleet<Reconciled>(
        cli,
        command,
        { path: '/v1/instances/reconcile', body: given({ app, reason } satisfies Of<Reconcile>) },
        answer => reconciledLines(answer, terminal.style, terminal.now),
      ),
    )
}
