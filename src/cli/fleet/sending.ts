// What the verbs that act on app instances have in common: one key for all tries, and what is known where no answer came.

import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { type Cli, connect, isJson } from '../plumbing/context.js'
import { UnreachableError } from '../plumbing/exit.js'

const IN_DOUBT =
  'Whether it was done is not known: look with "killswitch fleet" before you send it again. Sent again, it does no harm.'

/** Sends it, and prints the answer with `lines`. */
export async function actOnFleet<T>(
  { terminal }: Cli,
  command: Command,
  { path, body }: { path: string; body: object },
  lines: (answer: T) => string[],
  inDoubt: string = IN_DOUBT,
): Promise<void> {
  const client = await connect(command)
  const headers = { 'idempotency-key': randomUUID() }
  try {
    const { body: answer, text } = await client.ask<T>(path, { method: 'POST', body, headers })
    if (isJson(command)) terminal.json(text)
    else terminal.out(...lines(answer))
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    const isCertain = error.failures.every(failure => failure.isCertain)
    throw new UnreachableError(error.failures, isCertain ? 'Nothing was done.' : inDoubt, error.detail)
  }
}
