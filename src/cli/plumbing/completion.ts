// killswitch completion: scripts for the shells, by @bomb.sh/tab; flag keys, steps, runbooks and incidents come from the
// service, which is given half a second. A completion never says anything else, whatever goes wrong.

import type { Argument, Option as TabOption } from '@bomb.sh/tab'
import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'
import { GROUPING_NAMES } from '../../domain/log/audit-counts.js'
import { oneLine } from '../../text/characters.js'
import type { FlagList } from '../../wire/flag.js'
import type { IncidentList } from '../../wire/incident.js'
import type { InstanceList } from '../../wire/instance.js'
import type { RunbookList, StepList } from '../../wire/runbook.js'
import { ACTIONS, OUTCOMES, ROLES } from '../../wire/words.js'
import { Client } from '../client/client.js'
import { firstLine } from '../print/step.js'
import { type Shell, scriptFor } from './completion-script.js'
import { type Cli, isJson } from './context.js'
import { readSettings } from './settings.js'

const PATIENCE_MS = 500

type Choices = [value: string, about: string][]
type Root = ReturnType<typeof tab>

/** Which lists the words typed so far can need, by the names of arguments and options. */
const LISTS: Record<string, (client: Client, words: readonly string[]) => Promise<Choices>> = {
  flag: async client => {
    const { body } = await client.get<FlagList>('/v1/flags')
    return body.flags.map(flag => [flag.key, flag.label])
  },
  step: async (client, words) => {
    const { body } = await client.get<StepList>('/v1/steps')
    // for a flag that was typed: the steps that do to it what the verb does
    const direction = ['kill', 'restore'].find(verb => words.includes(verb))
    const acts = body.steps.flatMap(step => step.flagActions.map(({ flag }) => flag))
    const named = words.filter(word => acts.includes(word))
    const acting = body.steps.filter(step =>
      step.flagActions.some(
        action =>
          (named.length === 0 || named.includes(action.flag)) &&
          (direction === undefined || action.direction === direction),
      ),
    )
    return acting.map(step => [step.id, `${step.code} ${firstLine(step.text)}`])
  },
  runbook: async client => {
    const { body } = await client.get<RunbookList>('/v1/runbooks')
    return body.runbooks.map(runbook => [runbook.id, runbook.title])
  },
  incident: async client => {
    const { body } = await client.get<IncidentList>('/v1/incidents')
    return body.incidents.map(each => [each.id, `${each.severity ?? ''} ${each.title}`.trim()])
  },
  app: async client => {
    const { body } = await client.get<FlagList>('/v1/flags')
    return [...new Set(body.flags.map(flag => flag.application))].sort().map(app => [app, 'application'])
  },
  // one that is heard of cannot be forgotten
  instance: async client => {
    const { body } = await client.get<InstanceList>('/v1/instances?liveness=lost')
    return body.instances.map(each => [each.instance, `${each.app}, lost`])
  },
  // of the runbook that was typed, or that the incident follows
  severity: async (client, words) => {
    const [runbooks, incidents] = await Promise.all([
      client.get<RunbookList>('/v1/runbooks'),
      client.get<IncidentList>('/v1/incidents'),
    ])
    const followed = incidents.body.incidents.find(({ id }) => words.includes(id))?.runbook?.id
    const named = ({ id }: { id: string }) => words.includes(id) || id === followed
    const { body } = runbooks
    const meant = body.runbooks.some(named) ? body.runbooks.filter(named) : body.runbooks
    return [...new Set(meant.flatMap(({ severities }) => severities))].map(each => [each, 'severity'])
  },
  action: async () => ACTIONS.map(action => [action, 'action']),
  role: async () => ROLES.map(role => [role, 'role']),
  outcome: async () => OUTCOMES.map(outcome => [outcome, 'outcome']),
  by: async () => GROUPING_NAMES.map(name => [name, 'counted by it']),
}

/** Adds the verb. Where a shell asks for words, the service is asked first: the library's answers are synchronous. */
export async function completionVerb(
  program: Command,
  { terminal }: Cli,
  argv: readonly string[],
): Promise<void> {
  const isAsked = argv[0] === 'complete' && argv[1] === '--'
  const lists = isAsked ? await fetchLists(argv.slice(2)) : {}
  const root = tab(program, { completionCommandName: 'completion' })
  const verb = program.commands.find(each => each.name() === 'completion')
  verb?.description('Prints the completion script for your shell: bash, zsh, fish or powershell.')
  verb?.action((shell: Shell, _: object, command: Command) => {
    const script = scriptFor(shell)
    if (isJson(command)) terminal.json(JSON.stringify({ shell, script }))
    else terminal.text(script)
  })
  verb?.addHelpText(
    'after',
    '\nExamples:\n  source <(killswitch completion bash)\n  killswitch completion fish > ~/.config/fish/completions/killswitch.fish',
  )
  if (isAsked) attach(root, program, lists)
}

async function fetchLists(words: readonly string[]): Promise<Record<string, Choices>> {
  try {
    const client = new Client({ ...(await readSettings(optionsIn(words))), timeoutMs: PATIENCE_MS })
    const names = Object.keys(LISTS).filter(name => needs(words, name))
    const found = await Promise.all(
      names.map(async name => [name, (await LISTS[name]?.(client, words).catch(() => [])) ?? []] as const),
    )
    return Object.fromEntries(found)
  } catch {
    return {}
  }
}

/** The connection typed so far. */
function optionsIn(words: readonly string[]) {
  const after = (name: string) => words[words.indexOf(name) + 1]
  const found = (name: string) => (words.includes(name) ? after(name) : undefined)
  const [url, token, config] = ['--url', '--token', '--config'].map(found)
  return {
    ...(url ? { url: url.split(',') } : {}),
    ...(token ? { token } : {}),
    ...(config ? { config } : {}),
  }
}

const WHERE: Record<string, RegExp> = {
  flag: /^(status|kill|restore|undo|run|drill|steps|audit|incident)$/,
  step: /^(run|steps|kill|restore|audit|incident)$/,
  runbook: /^(runbook|steps|audit|incident)$/,
  incident: /^(incident|kill|restore|run|audit)$/,
  severity: /^(incident|audit)$/,
  app: /^(status|fleet|audit|insights)$/,
  instance: /^fleet$/,
  action: /^audit$/,
  role: /^audit$/,
  outcome: /^audit$/,
  by: /^audit$/,
}
const needs = (words: readonly string[], name: string): boolean =>
  words.some(word => WHERE[name]?.test(word) ?? false)

function attach(root: Root, program: Command, lists: Record<string, Choices>): void {
  for (const [name, command] of root.commands) {
    const closed = closedLists(program, name)
    for (const [key, argument] of command.arguments) set(argument, lists[listFor(name, key)])
    for (const [key, option] of command.options) set(option, closed[key] ?? lists[listFor(name, key)])
  }
}

/** What the options of a verb may be, where that is a closed list. */
function closedLists(program: Command, name: string): Record<string, Choices> {
  const verb = name
    .split(' ')
    .reduce<Command | undefined>(
      (group, each) => group?.commands.find(found => found.name() === each),
      program,
    )
  const options = (verb?.options ?? []).filter(option => option.argChoices !== undefined)
  return Object.fromEntries(
    options.map(option => [
      option.name(),
      (option.argChoices ?? []).map((choice): [string, string] => [choice, option.name()]),
    ]),
  )
}

/** `id` and `from` of an incident are incidents; those called `flags` are flags. The other lists have the names of theirs. */
const listFor = (command: string, argument: string): string => {
  if (argument === 'id' || argument === 'from') return command.startsWith('incident ') ? 'incident' : ''
  return argument === 'flags' ? 'flag' : argument
}

/** What a shell takes as the word that it is. It goes onto the command line as it stands, and is run from there. */
const PLAIN_WORD = /^[\w.:@/#][\w.:@/#+=,-]+$/

function set(place: Argument | TabOption, choices: Choices | undefined): void {
  if (choices === undefined) return
  place.handler = (complete: (value: string, about: string) => void) => {
    for (const [value, about] of choices) if (PLAIN_WORD.test(value)) complete(value, oneLine(about))
  }
}
