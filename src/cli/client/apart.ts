// Which app instances stand apart from the log, for whoever asks for something else: by the service's housekeeping, and
// where that is not answered by its readiness, which tells anybody so much.

import type { Ready } from '../../wire/health.js'
import type { Housekeeping } from '../../wire/housekeeping.js'
import { RefusedError, UnreachableError } from '../plumbing/exit.js'
import type { Client } from './client.js'

/** By instance; or the readiness's one sentence of all of them; undefined where nobody could say. */
export type ApartFound = { instances: Housekeeping['apart'] } | { sentence: string } | undefined

export async function readApart(client: Client): Promise<ApartFound> {
  const found = await quietly(client.get<Housekeeping>('/v1/housekeeping'))
  if (found !== undefined) return { instances: found.body.apart ?? [] }
  const ready = await quietly(client.get<Ready>('/readyz'))
  if (ready === undefined) return undefined
  const apart = ready.body.degraded?.find(({ code }) => code === 'apps-apart')
  return apart === undefined ? { instances: [] } : { sentence: apart.detail ?? UNTOLD }
}

const UNTOLD = 'App instances stand apart from the log: a token of role viewer or higher is told which.'

/** It is said beside an answer that is there: it does not spoil it. */
async function quietly<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnreachableError) return undefined
    throw error
  }
}
