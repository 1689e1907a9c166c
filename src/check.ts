// What `killswitch check` and `npm run check` do: reads a catalogue, and a tokens file, as the service would, without
// starting it, and says what it found. Exit 1 on faults; on findings only where asked. It changes nothing and opens no port.

import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { checkCatalogue } from './catalogue/check.js'
import { loadCatalogue } from './catalogue/load.js'
import { type Checked, reportJson, reportLines } from './catalogue/report.js'
import { applyLinks } from './catalogue/runbooks/flips/links.js'
import { readRunbooks } from './catalogue/runbooks/reader.js'
import { aliasesOf } from './config.js'
import type { Fault } from './domain/catalogue/catalogue.js'
import type { KillswitchError } from './domain/errors.js'
import { inertJson } from './text/json.js'
import { Tokens } from './tokens/tokens.js'

type Options = {
  flags: string
  runbooks?: string
  tokens?: string
  environment: string
  json?: true
  steps?: true
  strict?: true
}

const EXAMPLES = `
Examples:
  npm run check
  npm run check -- --flags ./flags --runbooks ../our-runbooks
  npm run check -- --steps                  every step with its id, for a link
  npm run --silent check -- --json | jq .findings`

/** Reads the arguments; ends the process on --help and on an argument it does not know. */
function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): Options {
  const installed = fileURLToPath(new URL('../flags', import.meta.url))
  return new Command('check')
    .description('Checks a catalogue, its runbooks and a tokens file without starting the service.')
    .option('--flags <dir>', 'the catalogue (KILLSWITCH_FLAGS_DIR)', env.KILLSWITCH_FLAGS_DIR || installed)
    .option(
      '--runbooks <dir>',
      'further runbooks (KILLSWITCH_RUNBOOKS_DIR)',
      env.KILLSWITCH_RUNBOOKS_DIR || undefined,
    )
    .option(
      '--tokens <file>',
      'a tokens file as well (KILLSWITCH_TOKENS_FILE)',
      env.KILLSWITCH_TOKENS_FILE || undefined,
    )
    .option(
      '--environment <names>',
      'what runbooks call the environment: its name and its aliases, with commas (KILLSWITCH_ENVIRONMENT, KILLSWITCH_ENVIRONMENT_ALIASES)',
      namesOf(env),
    )
    .option('--steps', 'list every step')
    .option('--json', 'print JSON')
    .option('--strict', 'exit 1 on findings too')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .parse(argv, { from: 'user' })
    .opts<Options>()
}

/** As the service has them, which is `production` unless it is said to be another. */
function namesOf(env: NodeJS.ProcessEnv): string {
  const environment = env.KILLSWITCH_ENVIRONMENT || 'production'
  return [environment, ...aliasesOf(env.KILLSWITCH_ENVIRONMENT_ALIASES || undefined, environment)].join()
}

async function checkCatalogueFiles({ flags, runbooks, environment }: Options): Promise<Checked> {
  const { document, faults, places } = await loadCatalogue({ flagsDir: flags, runbooksDir: runbooks })
  if (document === undefined) return { document, faults, places, runbooks: [], findings: [] }
  const read = await readRunbooks(
    document.runbooks,
    document.flags,
    environment.split(',').map(name => name.trim().toLowerCase()),
  )
  const linked = applyLinks(read, document.links, document.flags)
  return {
    document,
    faults,
    places,
    runbooks: linked.runbooks,
    findings: checkCatalogue(document, read, places),
  }
}

async function checkFiles(options: Options): Promise<Checked> {
  const checked = await checkCatalogueFiles(options)
  const { tokens: file } = options
  return file === undefined
    ? checked
    : { ...checked, faults: [...checked.faults, ...(await tokenFaults(file))] }
}

/** As a reload would refuse them. */
async function tokenFaults(file: string): Promise<Fault[]> {
  try {
    await Tokens.read(file)
    return []
  } catch (error) {
    const { message, data } = error as KillswitchError
    return data.faults === undefined ? [{ file, line: 1, message }] : [...data.faults]
  }
}

export async function check(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const options = readArguments(argv, env)
  const checked = await checkFiles(options)
  const look = {
    isColoured: process.stdout.isTTY === true && !env.NO_COLOR,
    listSteps: options.steps === true,
  }
  const text = options.json ? inertJson(reportJson(checked)) : reportLines(checked, look).join('\n')
  process.stdout.write(`${text}\n`)
  return checked.faults.length > 0 || (options.strict && checked.findings.length > 0) ? 1 : 0
}

/** `node dist/check.js` does it without the command, as pipelines do that have no `killswitch`. */
const [, started] = process.argv
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url))
  process.exitCode = await check(process.argv.slice(2), process.env)
