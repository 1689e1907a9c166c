// killswitch steps: the runbook steps there are, and what they do to flags.

import type { Command } from 'commander'
import type { ListedStep, StepList } from '../../wire/runbook.js'
import { type Cli, connect, queryOf } from '../plumbing/context.js'
import { showList, withOutput } from '../plumbing/output.js'
import { STEP_COLUMNS } from '../print/columns.js'
import { stepPreviewLines, stepTable } from '../print/step.js'

type Options = { flag?: string; runbook?: string; all?: true }

export function stepsVerb(program: Command, { terminal }: Cli): void {
  const verb = program
    .command('steps')
    .summary('the runbook steps that act on flags')
    .description(
      'Lists the runbook steps that act on flags, each with its code; with --all the others too. With a step: what a run of it would do.',
    )
    .argument('[step]', 'its id, any unambiguous shortening, or its code')
    .option('-f, --flag <flag>', 'the steps that act on this flag')
    .option('--runbook <runbook>', 'the steps of this runbook')
    .option('--all', 'also the steps that act on no flag')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch steps --flag ai_v1\n  killswitch steps --runbook pilot --all\n  killswitch steps pilot/sev0/1\n  killswitch steps --all -o yaml',
    )
  withOutput(verb).action(
    async (step: string | undefined, { flag, runbook, all }: Options, command: Command) => {
      const client = await connect(command)
      const { body, text } = await client.get<StepList>(`/v1/steps${queryOf({ step, flag, runbook })}`)
      const isShown = (each: ListedStep) =>
        step !== undefined || all || each.flagActions.length > 0 || each.dangers
      const shown = body.steps.filter(isShown)
      const left = body.steps.length - shown.length
      return showList(terminal, command, { text, items: shown, columns: STEP_COLUMNS }, () => {
        if (step !== undefined) return terminal.out(...stepPreviewLines(body, terminal))
        terminal.out(...stepTable(shown, terminal))
        if (left > 0) terminal.say(terminal.aside.dim(`${left} more act on no flag: --all`))
      })
    },
  )
}
