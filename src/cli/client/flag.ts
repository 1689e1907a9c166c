// How one flag is named to the service: in the path, and where its key has a slash in the query or the body. Some proxies
// refuse %2F in a path, and others make a slash of it.

import type { Flag, FlagList } from '../../wire/flag.js'
import type { Answer, Client } from './client.js'
import type { Flipping } from './flip.js'

/** `..` would lead out of the path. */
const fitsPath = (key: string): boolean => /^\w[^/\\]*$/.test(key)

const pathOf = (key: string): string => `/v1/flags/${encodeURIComponent(key)}`

/** One flag whole: its state, holds and steps. */
export async function readFlag(client: Client, key: string): Promise<Answer<Flag>> {
  if (fitsPath(key)) return client.get<Flag>(pathOf(key))
  const answer = await client.get<FlagList>(`/v1/flags?${new URLSearchParams({ flag: key }).toString()}`)
  const [body] = answer.body.flags as [Flag]
  const [sent] = answer.sent.flags as [Flag]
  return { ...answer, body, sent, text: JSON.stringify(sent) }
}

export const flipOf = (key: string, verb: 'kill' | 'restore' | 'drill', body: object): Flipping =>
  fitsPath(key)
    ? { path: `${pathOf(key)}/${verb}`, body }
    : { path: `/v1/flags/${verb}`, body: { flag: key, ...body } }
