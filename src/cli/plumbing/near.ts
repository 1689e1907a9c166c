// When a flag or an incident is not known: the ones that may have been meant. It never guesses: a kill of the wrong flag
// is an incident.

import { nearest } from '../../domain/incident/near-id.js'
import type { FlagList } from '../../wire/flag.js'
import type { IncidentList } from '../../wire/incident.js'
import type { Client } from '../client/client.js'
import { RefusedError } from './exit.js'

/** Throws the error again, with near keys where it is about an unknown flag. */
export async function explainUnknownFlag(client: Client, key: string, error: unknown): Promise<never> {
  if (!(error instanceof RefusedError) || error.problem.code !== 'unknown-flag') throw error
  const keys = await client.get<FlagList>('/v1/flags').then(
    ({ body }) => body.flags.map(flag => flag.key),
    () => [],
  )
  // of several flags, the one that is not known
  throw withNear(error, nearest(error.problem.flag ?? key, keys))
}

/** The same for an incident that nobody declared under this id. */
export async function explainUnknownIncident(client: Client, id: string, error: unknown): Promise<never> {
  if (!(error instanceof RefusedError) || error.problem.code !== 'unknown-incident') throw error
  const ids = await client.get<IncidentList>('/v1/incidents').then(
    ({ body }) => body.incidents.map(incident => incident.id),
    () => [],
  )
  throw withNear(error, nearest(id, ids))
}

/** What the service names comes first: it knows how keys are compared. */
const withNear = ({ problem, text, url }: RefusedError, found: readonly string[]): RefusedError =>
  new RefusedError({ ...problem, near: [...new Set([...(problem.near ?? []), ...found])] }, text, url)
