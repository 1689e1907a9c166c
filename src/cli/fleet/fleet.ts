// killswitch fleet: the app instances heard of within a day, and how each stands to the log. Its verbs are beside it.

import type { Command } from 'commander'
import { visibleIn } from '../../text/terminal.js'
import type { InstanceList } from '../../wire/instance.js'
import type { Answer, Client } from '../client/client.js'
import { type Cli, connect, queryOf } from '../plumbing/context.js'
import { formatOf, showList, withOutput } from '../plumbing/output.js'
import { INSTANCE_COLUMNS } from '../print/columns.js'
import { fleetLines } from '../print/fleet.js'
import { fleetForgetVerb } from './forget.js'
import { fleetReconcileVerb } from './reconcile.js'

type Options = { app?: string; lost?: true; all?: true }

const MOST_ROWS = 200

export function fleetVerb(program: Command, cli: Cli): void {
  const { terminal } = cli
  const group = program
    .command('fleet')
    .summary('the app instances, and what they have applied')
    .description(
      'Lists every app instance heard of within a day: whether it is at the newest revision, whether it can prove it, how it stands apart from the log, and when it was last heard of.',
    )
    .option('--app <application>', 'the instances of one application')
    .option('--lost', 'only those that are lost: not heard of for 45 s, and no goodbye')
    .option('--all', `every row, however many; without it ${MOST_ROWS} at most`)
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch fleet --app trustflow\n  killswitch fleet --lost\n  killswitch fleet --all -o csv > fleet.csv\n  killswitch fleet forget --lost --app trustflow',
    )
  withOutput(group).action(async ({ app, lost, all }: Options, command: Command) => {
    const client = await connect(command)
    const question = { app, liveness: lost && 'lost' }
    const first = await client.get<InstanceList>(`/v1/instances${queryOf(question)}`)
    if (formatOf(command) === 'json' && !all) return terminal.json(first.text)
    const list = await follow(client, question, first, all ? Number.POSITIVE_INFINITY : MOST_ROWS)
    const shown = visibleIn(list)
    return showList(
      terminal,
      command,
      { text: JSON.stringify(list), items: shown.instances, columns: INSTANCE_COLUMNS },
      () => terminal.out(...fleetLines(shown, { app, isLostOnly: lost === true }, terminal)),
    )
  })
  fleetForgetVerb(group, cli)
  fleetReconcileVerb(group, cli)
}

type Question = { app: string | undefined; liveness: string | undefined }

/** The pages as one, as they were sent; with `next` where there are more than `most` instances. */
async function follow(
  client: Client,
  question: Question,
  first: Answer<InstanceList>,
  most: number,
): Promise<InstanceList> {
  const instances = [...first.sent.instances]
  let { next } = first.sent
  while (next !== undefined && instances.length < most) {
    const page = await client.get<InstanceList>(`/v1/instances${queryOf({ ...question, cursor: next })}`)
    instances.push(...page.sent.instances)
    next = page.sent.next
  }
  const { next: _, ...body } = first.sent
  return { ...body, instances: instances.slice(0, most), ...(next === undefined ? {} : { next }) }
}
