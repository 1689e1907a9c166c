// POST /v1/receipts: what app instances have applied. GET /v1/instances: the fleet, by name.

import { by, KillswitchError } from '../domain/errors.js'
import { ref } from '../wire/members.js'
import { InstanceList, InstanceQuery, Receipts, ReceiptsAnswer } from '../wire/receipt.js'
import { actorOf } from './auth.js'
import type { App, Parts } from './parts.js'

export function fleetRoutes(app: App, { fleet, log, environment, metrics }: Parts): void {
  metrics.gauge(
    'forks_reported',
    'App instances whose last receipt says that the log was cut, rewritten or split',
    () => fleet.members().filter(({ fork }) => fork !== undefined).length,
  )
  const tags = ['applications']
  app.post(
    '/v1/receipts',
    {
      logLevel: 'warn',
      config: { access: 'sdk' },
      schema: {
        operationId: 'postReceipts',
        summary: 'What app instances have applied: the proof of a flip',
        tags,
        body: ref(Receipts),
        response: { 202: ref(ReceiptsAnswer) },
      },
    },
    async (request, reply) => {
      const { receipts } = request.body
      const actor = actorOf(request)
      for (const receipt of receipts)
        assertOwn(
          receipt.app,
          actor.apps,
          log.state.catalogue?.applications.map(each => each.id),
        )
      fleet.receive(receipts)
      return reply.code(202).send({ accepted: receipts.length })
    },
  )
  app.get(
    '/v1/instances',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listInstances',
        summary: 'The fleet: every app instance heard of within a day',
        tags,
        querystring: InstanceQuery,
        response: { 200: ref(InstanceList) },
      },
    },
    async request => {
      const { revision, log: name } = log.state
      const instances = fleet
        .members(request.query.app)
        .map(member => ({ ...member, current: member.log === name && member.revision >= revision }))
      const count = (liveness: string) => instances.filter(member => member.liveness === liveness).length
      return { environment, revision, live: count('live'), lost: count('lost'), instances }
    },
  )
}

/** A credential speaks for its own applications, and only for ones that there are. */
function assertOwn(
  app: string,
  own: readonly string[] | undefined,
  known: readonly string[] | undefined,
): void {
  if (own !== undefined && !own.includes(app)) {
    throw new KillswitchError(
      'forbidden',
      `This token is for ${own.join(', ')}, and the receipt is of "${app}".`,
      { applications: own },
    )
  }
  if (known !== undefined && !known.includes(app)) {
    throw new KillswitchError(
      'malformed-request',
      `There is no application "${app}" in the catalogue: there are ${known.join(', ')}.`,
      {
        applications: known,
        errors: [{ in: 'body', path: 'body.receipts.app', rule: 'enum', problem: 'is no application' }],
        wayOut: [by(`Set the SDK's "app" to one of them.`)],
      },
    )
  }
}
