// POST /v1/receipts: what app instances have applied. GET /v1/instances: the fleet, by name. POST /v1/instances/forget and
// /reconcile: what a person may do about it.

import type { FastifyRequest } from 'fastify'
import { by, KillswitchError } from '../../domain/errors.js'
import { placeOf } from '../../domain/log/audit.js'
import type { Origin } from '../../service/submissions.js'
import { Forget, Forgotten, InstanceList, InstanceQuery, Reconcile, Reconciled } from '../../wire/instance.js'
import { ref } from '../../wire/members.js'
import { Receipts, ReceiptsAnswer } from '../../wire/receipt.js'
import { readHeaders } from '../flip/flips.js'
import { listEntry } from '../flip/present.js'
import type { App, Parts } from '../parts.js'
import { actorOf } from '../plumbing/auth.js'
import { readBody } from '../plumbing/free-text.js'
import { presentInstances } from './present-instance.js'

/** A receipt says the value in force of every flag that is or was just held. */
const RECEIPTS_LIMIT = 256 * 1024

export function fleetRoutes(app: App, parts: Parts): void {
  measure(parts)
  receiptsRoute(app, parts)
  app.get(
    '/v1/instances',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listInstances',
        summary: 'The fleet: every app instance heard of within a day',
        tags: ['applications'],
        querystring: InstanceQuery,
        response: { 200: ref(InstanceList) },
      },
    },
    async request => presentInstances(parts, request.query),
  )
  actRoutes(app, parts)
}

function measure({ fleet, metrics }: Parts): void {
  const forks = () => {
    let count = 0
    for (const { receipt, gone } of fleet.members()) if (gone === undefined && receipt?.fork) count++
    return count
  }
  metrics.gauge(
    'forks_reported',
    'App instances whose last receipt says that the log was cut, rewritten or split',
    forks,
  )
  metrics.gauge('instances', 'App instances that are known here', () => fleet.size)
  metrics.gauge(
    'receipts_foreign',
    'Receipts refused for a session that is not their own',
    () => fleet.foreign,
  )
}

function receiptsRoute(app: App, { fleet, log }: Parts): void {
  app.post(
    '/v1/receipts',
    {
      logLevel: 'warn',
      bodyLimit: RECEIPTS_LIMIT,
      config: { access: 'sdk' },
      schema: {
        operationId: 'postReceipts',
        summary: 'What app instances have applied: the proof of a flip',
        description:
          'All of them are taken, or none. A receipt proves something by its `session`, which `GET /v1/stream` and `GET /v1/snapshot` give an SDK that names itself; one without is by its name alone, and proves nothing.',
        tags: ['applications'],
        body: ref(Receipts),
        response: { 202: ref(ReceiptsAnswer) },
      },
    },
    async (request, reply) => {
      const { receipts } = request.body
      const known = log.state.catalogue?.applications.map(each => each.id)
      for (const receipt of receipts) assertOwn(receipt.app, actorOf(request).apps, known)
      fleet.receive(request.credential as string, receipts)
      return reply.code(202).send({ accepted: receipts.length })
    },
  )
}

function actRoutes(app: App, parts: Parts): void {
  const { fleetActs, environment } = parts
  const hooks = { preValidation: readBody, preHandler: readHeaders }
  const originOf = (request: FastifyRequest) => request.origin as Origin
  app.post(
    '/v1/instances/forget',
    {
      config: { access: 'operator', limited: 'act' },
      ...hooks,
      schema: {
        operationId: 'forgetInstances',
        summary: 'Wait no longer for app instances that are gone',
        description:
          'By name, or all of an application that are lost, as after a deploy. One that is heard of is refused, and one that was forgotten and speaks again is waited for again.',
        tags: ['applications'],
        body: ref(Forget),
        response: { 200: ref(Forgotten) },
      },
    },
    async request => {
      const { forgotten, refused, entries } = await fleetActs.forget(
        actorOf(request),
        request.body,
        originOf(request),
      )
      const named = entries.flatMap(entry => entry.forgotten ?? []).map(({ instance }) => instance)
      return {
        environment,
        count: Math.max(named.length, forgotten.length),
        refused,
        instances: named.slice(0, 50),
        entries: entries.map(placeOf).slice(0, 50),
      }
    },
  )
  app.post(
    '/v1/instances/reconcile',
    {
      config: { access: 'operator', usual: 'engineer', limited: 'act' },
      ...hooks,
      schema: {
        operationId: 'reconcileInstances',
        summary: 'Release in the apps the holds that the log does not have',
        description:
          'As after a provisional kill that was lost with its disk: exactly the holds that instances of the application report and the log does not have, in all of its instances, also in those that come later. Takes the restore role of each flag concerned.',
        tags: ['applications'],
        body: ref(Reconcile),
        response: { 200: ref(Reconciled) },
      },
    },
    async request => {
      const { entries } = await fleetActs.reconcile(actorOf(request), request.body, originOf(request))
      const [entry] = entries
      if (entry === undefined) throw new Error('a reconciliation without an entry')
      return { environment, released: entry.reconciled ?? [], entry: await shown(parts, placeOf(entry)) }
    },
  )
}

const shown = async ({ log }: Parts, place: number) => {
  const found = await log.find.entry(place)
  if (found === undefined) throw new Error(`entry ${place} is not there`)
  return listEntry(found.entry, found.hash)
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
