// What the verbs that work on an incident have in common: one key for all tries, the answer, and what is due next.

import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import type { IncidentAnswer } from '../../wire/incident.js'
import { type Cli, connect, incidentPath, isJson } from '../plumbing/context.js'
import { UnreachableError } from '../plumbing/exit.js'
import { explainUnknownIncident } from '../plumbing/near.js'
import { incidentAnswerLines } from '../print/incident-answer.js'

const IN_DOUBT =
  'Whether it was written is not known: look with "killswitch incident show <id>" before you send it again.'

/** Sends it, and prints the answer with `lines`. */
export async function sendToIncident<T extends IncidentAnswer>(
  { terminal }: Cli,
  command: Command,
  { path, body }: { path: string; body: object },
  lines: (answer: T, look: Cli['terminal']) => string[],
): Promise<void> {
  const client = await connect(command)
  const headers = { 'idempotency-key': randomUUID() }
  try {
    const { body: answer, text } = await client.ask<T>(path, { method: 'POST', body, headers })
    if (isJson(command)) terminal.json(text)
    else terminal.out(...lines(answer, terminal))
  } catch (error) {
    if (!(error instanceof UnreachableError)) return explainUnknownIncident(client, idIn(path), error)
    const isCertain = error.failures.every(failure => failure.isCertain)
    throw new UnreachableError(error.failures, isCertain ? 'Nothing was written.' : IN_DOUBT, error.detail)
  }
}

/** `INC-42` of `/v1/incidents/INC-42/notes`. */
const idIn = (path: string): string => decodeURIComponent(path.split('/')[3] ?? '')

export const workOn = (cli: Cli, command: Command, id: string, what: string, body: object): Promise<void> =>
  sendToIncident<IncidentAnswer>(
    cli,
    command,
    { path: `${incidentPath(id)}/${what}`, body },
    incidentAnswerLines,
  )
