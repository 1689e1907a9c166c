// killswitch completion: scripts for the shells, by @bomb.sh/tab; flag keys, steps, runbooks and incidents come from the
// service, which is given half a second. A completion never says anything else, whatever goes wrong.

import { type Argument, script, type Option as TabOption } from '@bomb.sh/tab'
import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'
import type { FlagList } from '../wire/flag.js'
import type { IncidentList } from '../wire/incident.js'
import type { RunbookList, StepList } from '../wire/runbook.js'
import { Client } from './client/client.js'
import type { Cli } from './context.js'
import { firstLine } from './print/step.js'
import { readSettings } from './settings.js'

const PATIENCE_MS = 500
const NAME = 'killswitch'

type Shell = Parameters<typeof script>[0]

type Choices = [value: string, about: string][]
type Root = ReturnType<typeof tab>

/** Which lists the words typed so far can need, by the names of arguments and options. */
const LISTS: Record<string, (client: Client) => Promise<Choices>> = {
  flag: async client => {
    const { body } = await client.get<FlagList>('/v1/flags')
    return body.flags.map(flag => [flag.key, flag.label])
  },
  step: async client => {
    const { body } = await client.get<StepList>('/v1/steps')
    const acting = body.steps.filter(step => step.flagActions.length > 0)
    return acting.map(step => [step.id, `${step.code} ${firstLine(step.text)}`])
  },
  runbook: async client => {
    const { body } = await client.get<RunbookList>('/v1/runbooks')
    return body.runbooks.map(runbook => [runbook.id, runbook.title])
  },
  incident: async client => {
    const { body } = await client.get<IncidentList>('/v1/incidents')
    return body.incidents.map(each => [each.id, `${each.severity} ${each.title}`])
  },
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
  verb?.action((shell: Shell) => terminal.out(scriptFor(shell)))
  verb?.addHelpText(
    'after',
    '\nExamples:\n  source <(killswitch completion bash)\n  killswitch completion fish > ~/.config/fish/completions/killswitch.fish',
  )
  if (isAsked) attach(root, lists)
}

/**
 * What the scripts of @bomb.sh/tab leave out for words with a colon in them, which keys and incidents may have. Readline
 * begins a new word at a colon, so that bash has to be given only what follows it; in zsh a colon ends the word, and the
 * library's own escape of it has lost its backslash.
 */
const COLONS: Partial<Record<Shell, [what: RegExp, instead: string]>> = {
  bash: [/^ *COMPREPLY=.*compgen -W .*$/m, '$&\n    __ltrim_colon_completions "$cur"'],
  zsh: [/(?<=comp\/\/:\/)\\:/, '\\\\:'],
}

function scriptFor(shell: Shell): string {
  const text = printed(() => script(shell, NAME, NAME))
  const colons = COLONS[shell]
  return colons === undefined ? text : text.replace(...colons)
}

/** The library prints its scripts itself. */
function printed(print: () => void): string {
  const { log } = console
  const lines: string[] = []
  console.log = (line: string) => void lines.push(line)
  try {
    print()
  } finally {
    console.log = log
  }
  return lines.join('\n')
}

async function fetchLists(words: readonly string[]): Promise<Record<string, Choices>> {
  try {
    const client = new Client({ ...(await readSettings(optionsIn(words))), timeoutMs: PATIENCE_MS })
    const names = Object.keys(LISTS).filter(name => needs(words, name))
    const found = await Promise.all(
      names.map(async name => [name, (await LISTS[name]?.(client).catch(() => [])) ?? []] as const),
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
}
const needs = (words: readonly string[], name: string): boolean =>
  words.some(word => WHERE[name]?.test(word) ?? false)

function attach(root: Root, lists: Record<string, Choices>): void {
  for (const [name, command] of root.commands) {
    for (const [key, argument] of command.arguments) set(argument, lists[listFor(name, key)])
    for (const [key, option] of command.options) set(option, lists[key])
  }
}

/** The arguments called `id` are incidents; those called `flags` are flags. */
const listFor = (command: string, argument: string): string => {
  if (argument === 'id') return command.startsWith('incident ') ? 'incident' : ''
  return argument === 'flags' ? 'flag' : argument
}

function set(place: Argument | TabOption, choices: Choices | undefined): void {
  if (choices === undefined) return
  place.handler = (complete: (value: string, about: string) => void) => {
    for (const [value, about] of choices) complete(value, about.replace(/[\t\n]/g, ' '))
  }
}
