// The options by which query, tail and export choose entries: one set, named as the API names it.

import { type Command, Option } from 'commander'
import { ACTIONS, OUTCOMES, ROLES } from '../../wire/words.js'
import { pastTime, queryOf, several } from '../plumbing/context.js'

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
  app?: string[]
  severity?: string[]
  ip?: string[]
  offRunbook?: true
  drills?: string
  confirmed?: string
  withoutStep?: true
  withoutEvidence?: true
  withinWait?: true
  forced?: true
  since?: string
  until?: string
}

/** Given twice, an option means any of its values; all options given must hold. */
export const withFilter = (command: Command, drill: Option = plainDrill()): Command =>
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
    .option('--app <application>', 'of a flag of this application', several)
    .option('--severity <level>', 'of an incident that had this severity then', several)
    .option('--ip <address>', 'from this address', several)
    .option('-r, --reason <words>', 'with all of these words in its reason', several)
    .option('--off-runbook', 'kills that no runbook step stands behind')
    .addOption(yesOrNo('--confirmed <yes|no>', 'flips that every app instance has shown, or has not'))
    .option('--without-step', 'kills and restores without a runbook step')
    .option('--without-evidence', 'kills and restores for which nobody gave a reason of their own')
    .option('--within-wait', "restores before the runbook's wait was over")
    .option('--forced', 'incidents that were closed by force')
    .addOption(drill)
    .option('--since <time>', 'from then on: 2h, 3d, or 2026-11-20T03:00:00Z', pastTime)
    .option('--until <time>', 'before then', pastTime)

const YES_OR_NO: Record<string, string> = { yes: 'true', no: 'false' }

const yesOrNo = (flags: string, about: string): Option => new Option(flags, about).choices(['yes', 'no'])

const DRILLS = ['yes', 'no', 'any']

/** Another name than that of `declare --drill`: completion takes options of one name for one option. */
const plainDrill = (): Option =>
  new Option('--drills <yes|no|any>', 'drills alone, or all but drills').choices(DRILLS)

/** Of what leaves drills out. */
export const drillOption = (): Option =>
  new Option('--drills <yes|no|any>', 'drills alone, or with them (no)').choices(DRILLS)

/** As the API has it. */
export const drillOf = (word: string | undefined): string | undefined =>
  word === undefined ? undefined : (YES_OR_NO[word] ?? word)

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

type Paging = { order?: 'newest' | 'oldest'; limit?: number; cursor?: string; by?: string }

export function filterQuery(options: FilterOptions, paging: Paging = {}): string {
  const { app, confirmed, drills, ...rest } = options
  // a question without it has both
  const drill = drills === 'any' && paging.by === undefined ? undefined : drillOf(drills)
  const named = NAMES.map(name => [name, rest[name]] as const)
  const filter = Object.fromEntries(named)
  return queryOf({
    ...filter,
    application: app,
    confirmed: confirmed && YES_OR_NO[confirmed],
    drill,
    ...paging,
  })
}

/** The options that the API has by the same name. */
const NAMES = [
  'flag',
  'actor',
  'role',
  'incident',
  'runbook',
  'step',
  'action',
  'outcome',
  'severity',
  'ip',
  'reason',
  'offRunbook',
  'withoutStep',
  'withoutEvidence',
  'withinWait',
  'forced',
  'since',
  'until',
] as const
