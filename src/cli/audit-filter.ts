// The options by which query, tail and export choose entries: one set, named as the API names it.

import { type Command, Option } from 'commander'
import { ACTIONS, OUTCOMES, ROLES } from '../wire/words.js'
import { pastTime, queryOf, several } from './context.js'

export type FilterOptions = {
  flag?: string[]
  actor?: string[]
  role?: string[]
  incident?: string[]
  runbook?: string[]
  step?: string[]
  action?: string[]
  outcome?: string[]
  reason?: string[]
  offRunbook?: true
  since?: string
  until?: string
}

/** Given twice, an option means any of its values; all options given must hold. */
export const withFilter = (command: Command): Command =>
  command
    .option('-f, --flag <flag>', 'of this flag', several)
    .option('-i, --incident <id>', 'of this incident', several)
    .option('--actor <actor>', 'by this actor', several)
    .addOption(new Option('--role <role>', 'by an actor of this role').argParser(oneOf(ROLES)))
    .option('--runbook <runbook>', 'from this runbook', several)
    .option('-s, --step <step>', 'from this step: its id, the beginning of one, or its code', several)
    .addOption(
      new Option('--action <action>', 'kill, restore, step.run, incident.noted, ...').argParser(
        oneOf(ACTIONS),
      ),
    )
    .addOption(new Option('--outcome <outcome>', OUTCOMES.join(', ')).argParser(oneOf(OUTCOMES)))
    .option('-r, --reason <words>', 'with all of these words in its reason', several)
    .option('--off-runbook', 'kills that no runbook step stands behind')
    .option('--since <time>', 'from then on: 2h, 3d, or 2026-11-20T03:00:00Z', pastTime)
    .option('--until <time>', 'before then', pastTime)

function oneOf(values: readonly string[]) {
  return (value: string, before: string[] | undefined): string[] => {
    if (values.includes(value)) return several(value, before)
    throw new InvalidChoice(value, values)
  }
}

class InvalidChoice extends Error {
  readonly code = 'commander.invalidArgument'
  constructor(value: string, values: readonly string[]) {
    super(`"${value}" is not one of ${values.join(', ')}.`)
  }
}

type Paging = { order?: 'newest' | 'oldest'; limit?: number; cursor?: string }

export function filterQuery(options: FilterOptions, paging: Paging = {}): string {
  const { flag, actor, role, incident, runbook, step, action, outcome, reason, offRunbook, since, until } =
    options
  const filter = {
    flag,
    actor,
    role,
    incident,
    runbook,
    step,
    action,
    outcome,
    reason,
    offRunbook,
    since,
    until,
  }
  return queryOf({ ...filter, ...paging })
}
