// killswitch audit export: every matching entry, as the exact stored lines or as CSV. A file appears whole, or not at all.

import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { type Command, Option } from 'commander'
import { inertJson } from '../../text/json.js'
import { visible } from '../../text/terminal.js'
import { failureOf } from '../client/client.js'
import { type Cli, connect, isJson } from '../plumbing/context.js'
import { UnreachableError, UsageError } from '../plumbing/exit.js'
import { type FilterOptions, filterQuery, withFilter } from './filter.js'

type Options = FilterOptions & { format: 'ndjson' | 'csv'; output?: string; newest?: true }

const TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv' }

export function auditExportVerb(group: Command, { terminal }: Cli): void {
  const verb = group
    .command('export')
    .description(
      'Writes every matching entry, oldest first: the exact stored lines, which can be verified, or CSV for a spreadsheet. With --json: the lines as one array; where a file is written, its name.',
    )
    .addOption(new Option('--format <format>', 'ndjson or csv').choices(['ndjson', 'csv']).default('ndjson'))
    .option('-o, --output <file>', 'into this file instead of standard output')
    .option('--newest', 'newest first')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch audit export --output audit.ndjson\n  killswitch audit export --incident INC-42 --format csv > inc-42.csv',
    )
  withFilter(verb).action(async ({ format, output, newest, ...filter }: Options, command: Command) => {
    if (isJson(command) && format === 'csv' && output === undefined)
      throw new UsageError('--json and --format csv do not go together: leave one out, or give a file (-o).')
    const client = await connect(command)
    const path = `/v1/audit${filterQuery(filter, { order: newest ? 'newest' : 'oldest' })}`
    const response = await client.stream(path, { accept: TYPES[format] })
    const from = Readable.fromWeb(response.body as ReadableStream)
    if (output === undefined && isJson(command))
      return toStandardOutput(Readable.from(asArray(from)), format, response.url)
    if (output === undefined) return toStandardOutput(from, format, response.url)
    await toFile(from, output, response.url)
    if (isJson(command)) terminal.json(JSON.stringify({ written: output, format }))
    else terminal.say(`Written: ${output}`)
  })
}

/** The lines as one document. */
async function* asArray(from: Readable): AsyncGenerator<string> {
  let before = '['
  let rest = ''
  for await (const text of from.setEncoding('utf8')) {
    const lines = `${rest}${String(text)}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      yield `${before}${line}`
      before = ',\n'
    }
  }
  yield before === '[' ? '[]\n' : ']\n'
}

/** To a pipe as it comes, byte for byte; where a person looks, without what would act on a terminal. */
async function toStandardOutput(from: Readable, format: Options['format'], url: string): Promise<void> {
  try {
    if (process.stdout.isTTY) await pipeline(from, shownAs(format), process.stdout, { end: false })
    else await pipeline(from, process.stdout, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw brokenOff(error, url)
  }
}

const shownAs = (format: Options['format']) =>
  async function* (from: Readable): AsyncGenerator<string> {
    const harmless = format === 'csv' ? visible : inertJson
    for await (const text of from.setEncoding('utf8')) yield harmless(String(text))
  }

async function toFile(from: Readable, output: string, url: string): Promise<void> {
  const part = `${output}.part`
  const file = createWriteStream(part, { mode: 0o600 })
  try {
    await pipeline(from, file)
    await rename(part, output)
  } catch (error) {
    await rm(part, { force: true })
    // a fault of the file has a system call; one of the connection has a cause
    if ((error as NodeJS.ErrnoException).syscall !== undefined)
      throw new UsageError(`${output} cannot be written: ${(error as Error).message}.`)
    throw brokenOff(error, url)
  }
}

const brokenOff = (error: unknown, url: string): UnreachableError =>
  new UnreachableError(
    [failureOf(new URL(url).origin, error, 0)],
    'The export broke off and is not whole: take it again.',
  )
