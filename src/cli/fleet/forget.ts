// killswitch fleet forget: wait no longer for app instances that are gone. As the last step of a deploy it ends with 0 also
// where nobody was lost.

import type { Command } from 'commander'
import type { Forget, Forgotten } from '../../wire/instance.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { UsageError } from '../plumbing/exit.js'
import { forgottenLines } from '../print/fleet.js'
import { actOnFleet } from './sending.js'

type Options = { app?: string; lost?: true; reason?: string }

export function fleetForgetVerb(group: Command, cli: Cli): void {
  group
    .command('forget')
    .summary('wait no longer for app instances that are gone')
    .description(
      'Says that an app instance is gone for good, or that all lost ones of an application are: no flip waits for them any more. One that still runs is waited for again as soon as it is heard of.',
    )
    .argument('[instance]', 'one instance, by its name')
    .option('--app <application>', 'its application; with --lost it is needed')
    .option('--lost', 'all of the application that are lost, as after a deploy')
    .option('-r, --reason <text>', 'why')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch fleet forget api-7 --app trustflow --reason "the host is gone"\n  killswitch fleet forget --lost --app trustflow --reason "deploy 412"',
    )
    .action(async (instance: string | undefined, _: Options, command: Command) => {
      // what the group has too is the group's, wherever it stands
      const { app, lost, reason } = command.optsWithGlobals<Options>()
      if ((instance === undefined) === (lost === undefined))
        throw new UsageError('Name one instance, or give --lost with --app: one of the two.')
      if (lost && app === undefined)
        throw new UsageError('Those that are lost are forgotten by application: give --app <application>.')
      const body = given({ app, instance, lost, reason } satisfies Of<Forget>)
      await actOnFleet<Forgotten>(cli, command, { path: '/v1/instances/forget', body }, answer =>
        forgottenLines(answer, app, cli.terminal.style),
      )
    })
}
