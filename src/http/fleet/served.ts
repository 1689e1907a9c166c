// Marks who was answered at which revision, for clients that send no receipts.

import type { FastifyRequest } from 'fastify'
import type { Served } from '../../fleet/served.js'
import type { LogState } from '../../log/state.js'

/** `application`: whose flag the answer was about; without it all those of the credential. */
export type MarkServed = (request: FastifyRequest, application?: string) => void

export const markServed =
  (served: Served, log: LogState): MarkServed =>
  (request, application) => {
    const apps = application === undefined ? request.actor?.apps : [application]
    served.mark(apps, clientOf(request), log.state.revision)
  }

/** Actor, address and user agent, as one short text; kept with the connection, which seldom has a second one. */
function clientOf({ raw, actor, headers, ip }: FastifyRequest): string {
  const { socket } = raw
  const agent = headers['user-agent']
  const known = clients.get(socket)
  if (known !== undefined && known.actor === actor?.id && known.agent === agent && known.ip === ip)
    return known.client
  const client = `${actor?.id} ${ip} ${agent?.slice(0, 120) ?? ''}`
  clients.set(socket, { actor: actor?.id, agent, ip, client })
  return client
}

type Known = {
  actor: string | undefined
  agent: string | undefined
  ip: string
  client: string
}
const clients = new WeakMap<object, Known>()
