// killswitch incident declare: says that something is on fire, by which runbook, and takes the kills there were already.

import type { Command } from 'commander'
import type { DeclarationAnswer } from '../../wire/incident.js'
import type { Declaration } from '../../wire/incident-act.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { declareLines } from '../print/incident-answer.js'
import { sendToIncident } from './sending.js'

type Options = {
  runbook?: string
  severity?: string
  id?: string
  commander?: string
  adopt?: true | string[]
  drill?: true
}

export function incidentDeclareVerb(group: Command, cli: Cli): void {
  group
    .command('declare')
    .description(
      "Declares an incident. The severity is one of its runbook's own scale; both can be given later. --adopt takes kills that no incident has yet.",
    )
    .argument('<title>', 'in a few words')
    .option('--runbook <runbook>', 'the runbook to follow')
    .option('--severity <level>', "a level of that runbook's scale")
    .option('--id <id>', 'as your tracker names it; made where it is missing')
    .option('--commander <name>', 'who leads')
    .option(
      '--adopt [flags...]',
      'take what holds these flags; alone: the holds without an incident on those of the runbook',
    )
    .option('--drill', 'it is a drill: counts and insights leave it out unless they are asked')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident declare "AI answers fail" --runbook trustflow --severity SEV-1 --adopt\n  killswitch incident declare "Something is slow"\n  killswitch incident declare "Friday drill" --runbook trustflow --drill\n  killswitch incident declare "Double release" --runbook pilot --severity SEV0 --id INC-42 --adopt pilot.enabled',
    )
    .action(
      (title: string, { runbook, severity, id, commander, adopt, drill }: Options, command: Command) => {
        const body = given({
          id,
          title,
          runbook,
          severity,
          commander,
          adopt,
          drill,
        } satisfies Of<Declaration>)
        return sendToIncident<DeclarationAnswer>(cli, command, { path: '/v1/incidents', body }, declareLines)
      },
    )
}
