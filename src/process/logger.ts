// The process log: JSON lines for machines, and readable ones on a terminal. Neither has a character that acts on whoever
// looks at it, whatever people, apps or Redis wrote; nor a token that somebody pasted where none belongs.

import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from '../config.js'
import { withoutTokens } from '../domain/token-form.js'
import { oneLine } from '../text/characters.js'
import { inertJson } from '../text/json.js'
import { visibleIn } from '../text/terminal.js'
import { counting } from './log-lines.js'

type Options = Pick<Config, 'logLevel' | 'environment'>

export async function createLogger(
  { logLevel, environment }: Options,
  isTerminal: boolean,
  out: DestinationStream = pino.destination(1),
): Promise<Logger> {
  const options = { level: logLevel, base: { environment }, hooks: { logMethod: counting() } }
  if (!isTerminal) return pino(options, { write: line => out.write(inertJson(withoutTokens(line))) })
  const { default: pretty } = await import('pino-pretty')
  const lines = pretty({
    colorize: true,
    ignore: 'environment',
    translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l "UTC"',
    singleLine: true,
    destination: out as never,
  })
  return pino(options, {
    write: line => void lines.write(`${JSON.stringify(readable(withoutTokens(line)))}\n`),
  })
}

/** A stack has lines of its own, which are set in; what is said has not. */
function readable(line: string): object {
  const { msg, ...rest } = visibleIn(JSON.parse(line) as { msg?: string })
  return { ...rest, ...(msg === undefined ? {} : { msg: oneLine(msg) }) }
}
