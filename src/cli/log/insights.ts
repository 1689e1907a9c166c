// killswitch insights: how long kills, their proof and their restore took, by month and application.

import type { Command } from 'commander'
import type { InsightsAnswer } from '../../wire/insights.js'
import { type Cli, connect, isJson, pastTime, queryOf } from '../plumbing/context.js'
import { showList, withOutput } from '../plumbing/output.js'
import { INSIGHT_COLUMNS } from '../print/columns.js'
import { insightTable } from '../print/insights.js'
import { drillWords } from './counts.js'
import { drillOf, drillOption } from './filter.js'

type Options = { app?: string; since?: string; until?: string; drills?: string }

const EXAMPLE = `
Examples:
  killswitch insights
  killswitch insights --app trustflow --since 2026-01-01

It prints, for each month and application:
  MONTH    APPLICATION  INCIDENTS  KILLS  DECLARED TO KILL  KILL TO PROOF          KILL TO RESTORE
  2026-11  trustflow    3          4      0.8 s, 12 s (2)   0.2 s, 0.4 s (3), 1 ?  12 min, 45 min (3), 1 ?

A time is the median, then what nine of ten did not exceed, and in brackets how many times are known. "1 ?": of one it is
not known, or it did not happen. "1 before": one was killed before it was declared. Undone kills have no time to a restore.`

export function insightsVerb(program: Command, { terminal }: Cli): void {
  const verb = program
    .command('insights')
    .summary('how long kills, proof and restore took')
    .description(
      'Shows how long it took from the declaration to the kill, to its proof and to its restore, by month and application.',
    )
    .option('--app <application>', 'of this application')
    .option('--since <time>', 'from then on (the first of the month a year before)', pastTime)
    .option('--until <time>', 'before then', pastTime)
    .addOption(drillOption())
    .addHelpText('after', EXAMPLE)
  withOutput(verb).action(async ({ app, drills, since, until }: Options, command: Command) => {
    const client = await connect(command)
    const query = queryOf({ application: app, drill: drillOf(drills), since, until })
    const { body, text } = await client.get<InsightsAnswer>(`/v1/insights${query}`)
    const list = { text, items: body.insights, columns: INSIGHT_COLUMNS }
    await showList(terminal, command, list, () => {
      if (body.insights.length === 0) terminal.say(`No kill and no incident since ${body.since}.`)
      else terminal.out(...insightTable(body, terminal))
    })
    if (isJson(command)) return
    terminal.say(...[body.cut, body.unreadable].flatMap(said => said ?? []))
    terminal.say(terminal.aside.dim(`Since ${body.since}${drillWords(body.drill)}`))
  })
}
