// POST /v1/receipts: what app instances have applied. GET /v1/instances: the fleet, by name.

import { Type } from 'typebox'
import { by, KillswitchError } from '../domain/errors.js'
import type { Receipt as ReceiptRecord } from '../domain/receipt.js'
import { actorOf } from './auth.js'
import type { App, Parts } from './parts.js'

const strict = { additionalProperties: false }
const name = (description: string) =>
  Type.String({ description, minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f]+$' })
const Receipt = Type.Object(
  {
    instance: name('Unique per running app process'),
    app: name('The application, as the catalogue names it'),
    log: Type.String({ description: "The log's name, as the snapshot gave it", maxLength: 64 }),
    revision: Type.Integer({ minimum: 0, description: 'In force in that process' }),
    appliedAt: Type.String({ format: 'date-time' }),
    sdk: name('Name and version of the SDK'),
    startedAt: Type.String({ format: 'date-time' }),
    boot: Type.Unsafe<ReceiptRecord['boot']>({
      type: 'string',
      enum: ['service', 'cache', 'bootstrap', 'unknown'],
    }),
    closing: Type.Optional(Type.Boolean({ description: 'An orderly shutdown: not a loss' })),
    fork: Type.Optional(
      Type.String({
        description: 'What contradicts the largest checkpoint it remembers',
        minLength: 1,
        maxLength: 500,
        pattern: '^[^\\u0000-\\u001f]+$',
      }),
    ),
    forced: Type.Optional(Type.Array(name('A flag forced past the service'), { maxItems: 50 })),
  },
  strict,
)
const Receipts = Type.Object(
  { receipts: Type.Array(Receipt, { minItems: 1, maxItems: 50 }) },
  {
    ...strict,
    examples: [
      {
        receipts: [
          {
            instance: 'api-7',
            app: 'trustflow',
            log: 'b1f0...',
            revision: 12,
            appliedAt: '2026-11-20T03:00:00.120Z',
            sdk: 'killswitch-js/0.1.0',
            startedAt: '2026-11-19T08:00:00.000Z',
            boot: 'service',
          },
        ],
      },
    ],
  },
)
const Member = Type.Object({
  ...Receipt.properties,
  liveness: Type.Unsafe<'live' | 'lost' | 'closed'>({ type: 'string', enum: ['live', 'lost', 'closed'] }),
  lastHeardAt: Type.String(),
  ageMs: Type.Number(),
  current: Type.Boolean({ description: 'At the newest revision of this log' }),
})
const Instances = Type.Object({
  environment: Type.String(),
  revision: Type.Integer(),
  live: Type.Integer(),
  lost: Type.Integer(),
  instances: Type.Array(Member),
})

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
        body: Receipts,
        response: { 202: Type.Object({ accepted: Type.Integer() }) },
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
      fleet.receive(receipts as ReceiptRecord[])
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
        querystring: Type.Object({ app: Type.Optional(Type.String({ maxLength: 200 })) }, strict),
        response: { 200: Instances },
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
