// Marks who was answered at which revision, for clients that send no receipts.

import type { FastifyRequest } from 'fastify'
import type { Log } from '../service/log.js'
import type { Served } from '../service/served.js'

/** `application`: whose flag the answer was about; without it all those of the credential. */
export type MarkServed = (request: FastifyRequest, application?: string) => void

export const markServed =
  (served: Served, log: Log): MarkServed =>
  (request, application) => {
    const apps = application === undefined ? request.actor?.apps : [application]
    served.mark(apps, clientOf(request), log.state.revision)
  }

const clientOf = (request: FastifyRequest): string =>
  `${request.actor?.id} ${request.ip} ${request.headers['user-agent']?.slice(0, 120) ?? ''}`
