// killswitch audit tail: follows the log as it grows, onto the terminal or to a webhook.

import { type Command, Option } from 'commander'
import { entryId } from '../../domain/log/audit.js'
import { visibleIn } from '../../text/terminal.js'
import { follow, placeNow } from '../client/follow.js'
import { receiverOf } from '../client/receiver.js'
import { Relay } from '../client/relay.js'
import { type Cli, connect, isJson, wholeNumber } from '../plumbing/context.js'
import { UsageError } from '../plumbing/exit.js'
import { entryRow } from '../print/entry.js'
import { readCursor, writeCursor } from './cursor-file.js'
import { type FilterOptions, withFilter } from './filter.js'

type Options = FilterOptions & {
  last: number
  post?: string
  cursor?: string
  from: 'now' | 'start'
  as: 'entry' | 'text'
}

const EXAMPLES = `
Examples:
  killswitch audit tail
  killswitch audit tail --action kill --action restore --json | jq .flag
  killswitch audit tail --post https://siem.example/in --cursor siem.cursor --from start
  killswitch audit tail --post https://hooks.slack.com/services/... --as text --cursor chat.cursor

With --post each entry is sent at least once, in order. The cursor file is written after the receiver
has answered with 2xx. A receiver that fails (5xx, 408, 429, no answer) is tried again until it answers, and
nothing is passed over; any other answer ends it with exit code 3, and a host that there is not with 2.
A user and a password in the URL are sent as basic authentication, and shown nowhere.
The header idempotency-key names the entry, for a receiver that wants to drop what it has.`

export function auditTailVerb(group: Command, cli: Cli): void {
  const verb = group
    .command('tail')
    .description('Follows the log: prints each entry as it comes, or relays it to a SIEM or a chat webhook.')
    .option('-n, --last <count>', 'begin with so many entries before now', wholeNumber, 10)
    .option('--post <url>', 'send each entry there instead of printing it')
    .option('--cursor <file>', 'keep the place in this file; needed with --post')
    .addOption(
      new Option('--from <where>', 'where to begin when the file is not there yet')
        .choices(['now', 'start'])
        .default('now'),
    )
    .addOption(
      new Option('--as <form>', 'what to send: the entry as JSON, or { "text": "..." } for a chat')
        .choices(['entry', 'text'])
        .default('entry'),
    )
    .addHelpText('after', EXAMPLES)
  withFilter(verb).action(async (options: Options, command: Command) => {
    const stop = stopOnSignal()
    if (options.post === undefined) await print(cli, options, command, stop)
    else await relay(cli, { ...options, post: options.post }, command, stop)
  })
}

function stopOnSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  process.stdout.once('error', () => stop.abort())
  return stop.signal
}

async function print(
  { terminal }: Cli,
  options: Options,
  command: Command,
  signal: AbortSignal,
): Promise<void> {
  const client = await connect(command)
  const asJson = isJson(command)
  const kept = options.cursor === undefined ? undefined : await readCursor(options.cursor)
  const start = kept ?? (await placeNow(client, options, options.from === 'start' ? 'start' : options.last))
  for await (const entry of follow(client, {
    filter: options,
    start,
    signal,
    onTrouble: trouble => terminal.say(trouble),
  })) {
    const { style, now } = terminal
    if (asJson) terminal.json(JSON.stringify(entry))
    else terminal.out(entryRow(visibleIn(entry), style, now).filter(Boolean).join('  '))
    if (options.cursor !== undefined) await writeCursor(options.cursor, { place: entry.place, at: entry.at })
  }
}

async function relay(
  { terminal }: Cli,
  { post, cursor, as: form, ...options }: Options & { post: string },
  command: Command,
  signal: AbortSignal,
): Promise<void> {
  if (cursor === undefined)
    throw new UsageError('--post needs --cursor <file>: without it, a restart would not know its place.')
  const to = receiverOf(post)
  const client = await connect(command)
  let start = await readCursor(cursor)
  if (start === undefined) {
    start = await placeNow(client, options, options.from === 'start' ? 'start' : 0)
    await writeCursor(cursor, start)
  }
  const onTrouble = (trouble: string) => terminal.say(trouble)
  const receiver = new Relay({ receiver: to, form, signal, onTrouble })
  terminal.say(
    `Relaying what comes after ${start.place < 0 ? 'the beginning of the log' : `entry ${entryId(start.place)}`} to ${new URL(to.url).origin}.`,
  )
  for await (const entry of follow(client, { filter: options, start, signal, onTrouble })) {
    if (!(await receiver.send(entry))) return
    await writeCursor(cursor, { place: entry.place, at: entry.at })
  }
}
