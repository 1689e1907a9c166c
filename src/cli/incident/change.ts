// killswitch incident change: another severity, runbook, commander or title, or a link to somewhere else.

import type { Command } from 'commander'
import type { IncidentChange } from '../../wire/incident-act.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { UsageError } from '../plumbing/exit.js'
import { workOn } from './sending.js'

type Options = {
  severity?: string
  runbook?: string
  commander?: string
  title?: string
  link?: string
  linkTitle?: string
  reason?: string
}

export function incidentChangeVerb(group: Command, cli: Cli): void {
  group
    .command('change')
    .description('Changes severity, runbook, commander or title, or adds a link.')
    .argument('<id>', 'the incident')
    .option('--severity <level>', "another level of the runbook's scale")
    .option('--runbook <runbook>', 'the runbook to follow from now on')
    .option('--commander <name>', 'who leads now')
    .option('--title <text>', 'what it turned out to be')
    .option('--link <url>', 'a ticket, a chat, a dashboard')
    .option('--link-title <text>', 'what the link is')
    .option('-r, --reason <text>', 'why')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident change INC-42 --severity SEV1 --reason "no money moved"\n  killswitch incident change INC-42 --runbook pilot --severity SEV1\n  killswitch incident change INC-42 --link https://pagerduty.example/p/1 --link-title PagerDuty',
    )
    .action((id: string, { link: url, linkTitle, ...change }: Options, command: Command) => {
      const { severity, runbook, commander, title, reason } = change
      const link = url === undefined ? undefined : { title: linkTitle ?? titleOf(url), url }
      return workOn(
        cli,
        command,
        id,
        'changes',
        given({ severity, runbook, commander, title, link, reason } satisfies Of<IncidentChange>),
      )
    })
}

function titleOf(url: string): string {
  if (URL.canParse(url)) return new URL(url).host || url
  throw new UsageError(`--link "${url}" is not a URL.`)
}
