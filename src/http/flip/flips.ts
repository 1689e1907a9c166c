// Kill, restore, step run, drill, and what became of them.

import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject } from 'typebox'
import type { Actor } from '../../domain/actor.js'
import { proofsIn } from '../../fleet/flips.js'
import type { Flipped } from '../../service/flips.js'
import type { Origin } from '../../service/submissions.js'
import { FlagParams } from '../../wire/flag.js'
import {
  Drill,
  type Flip,
  FlipAnswer,
  FlipParams,
  FlipStatus,
  GroupKill,
  Kill,
  NamedDrill,
  NamedKill,
  NamedRestore,
  Restore,
  type FlipStatus as StatusAnswer,
  StepRun,
} from '../../wire/flip.js'
import { ref } from '../../wire/members.js'
import type { Action } from '../../wire/words.js'
import { settle } from '../fleet/convergence.js'
import type { App, Parts } from '../parts.js'
import { actorOf } from '../plumbing/auth.js'
import { readBody } from '../plumbing/free-text.js'
import { endOf } from '../plumbing/gone.js'
import { ifMatch, originOf, waitSeconds } from '../plumbing/preconditions.js'
import { presentAnswer, presentStatus } from './present.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A refusal on this route is an entry of the log with this action. */
    flips?: Action
  }
  interface FastifyRequest {
    /** Set once the handler has the request: what is refused from there on, the gate has recorded. */
    origin: Origin | undefined
    ifMatchPlace: number | undefined
  }
}

/** What is done to one flag. `does` is given the flag's key, and the body without it. */
type FlagAct<B extends TObject> = {
  verb: 'kill' | 'restore' | 'drill'
  config: FastifyContextConfig
  summary: string
  description: string
  body: B
  named: TObject
  does: (request: FastifyRequest, flag: string, body: Static<B>) => Promise<Flipped>
}

/** What kills several flags in one commit. */
type GroupAct<B extends TObject> = {
  path: string
  operationId: string
  summary: string
  description: string
  body: B
  does: (request: FastifyRequest, body: Static<B>) => Promise<Flipped>
}

const LONGEST_WAIT_SECONDS = 30

/** Reads the headers before the handler, so that a bad one is recorded like any other refusal. */
export async function readHeaders(request: FastifyRequest): Promise<void> {
  request.ifMatchPlace = request.routeOptions.config.flips === 'restore' ? ifMatch(request) : undefined
  request.origin = originOf(request)
}

export function flipRoutes(app: App, parts: Parts): void {
  const { flips, log, environment } = parts
  app.decorateRequest('origin', undefined)
  app.decorateRequest('ifMatchPlace', undefined)
  const hooks = { preValidation: readBody, preHandler: readHeaders }
  const tags = ['flips']
  const definitions = (key: string | undefined) =>
    key === undefined ? undefined : log.state.flags.get(key)?.definition

  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    flipped: Flipped,
  ): Promise<FlipAnswer> => {
    const wait = waitSeconds(request, LONGEST_WAIT_SECONDS)
    if (wait > 0) reply.header('preference-applied', `wait=${wait}`)
    const convergence = await settle(parts, flipped.entries, wait * 1000, endOf(reply))
    const shown = presentAnswer(flipped, environment, definitions)
    const body = { ...toldTo(actorOf(request), shown), convergence }
    reply
      .header('location', `/v1/flips/${body.id ?? encodeURIComponent(flipped.key)}`)
      .header('idempotency-key', flipped.key)
    if (flipped.replayed) reply.header('idempotency-replayed', 'true')
    const place = body.flag === undefined ? undefined : log.state.flags.get(body.flag)?.place
    if (place !== undefined) reply.header('etag', `"${place}"`)
    return body
  }

  /** One act by two paths: `/v1/flags/:key/kill`, and `/v1/flags/kill` with the key in the body. */
  const act = <B extends TObject>({ verb, body, named, config, does, summary, description }: FlagAct<B>) => {
    const route = async (request: FastifyRequest, reply: FastifyReply, flag: string, given: Static<B>) => {
      parts.assertKnown()
      return answer(request, reply, await does(request, flag, given))
    }
    const schema = { summary, tags, response: { 200: ref(FlipAnswer) } }
    app.post(
      `/v1/flags/:key/${verb}`,
      {
        config: { ...config, flips: verb },
        ...hooks,
        schema: { ...schema, operationId: `${verb}Flag`, description, params: FlagParams, body: ref(body) },
      },
      (request, reply) => route(request, reply, request.params.key, request.body as Static<B>),
    )
    app.post(
      `/v1/flags/${verb}`,
      {
        config: { ...config, flips: verb },
        ...hooks,
        schema: {
          ...schema,
          operationId: `${verb}NamedFlag`,
          summary: `${summary}, named in the body`,
          description: `The same as \`/v1/flags/{key}/${verb}\`, also for the same Idempotency-Key. For keys with a \`/\`, which some proxies do not leave as %2F.`,
          body: ref(named),
        },
      },
      (request, reply) => {
        const { flag, ...given } = request.body as { flag: string } & Static<B>
        return route(request, reply, flag, given as Static<B>)
      },
    )
  }

  /** Kills several flags, or none. */
  const actOnSeveral = <B extends TObject>({ path, does, body, ...told }: GroupAct<B>) => {
    app.post(
      path,
      {
        config: { access: 'viewer', usual: 'operator', flips: 'step.run', limits: ['kill'] },
        ...hooks,
        schema: { ...told, tags, body: ref(body), response: { 200: ref(FlipAnswer) } },
      },
      async (request, reply) => {
        parts.assertKnown()
        const flipped = await parts.metrics.timeKill(() => does(request, request.body as Static<B>))
        return answer(request, reply, flipped)
      },
    )
  }

  act({
    verb: 'kill',
    config: { access: 'viewer', usual: 'operator', limits: ['kill'] },
    summary: 'Kill: put a hold on the flag',
    description:
      'Never refused for its paperwork: what is missing or wrong comes back in `warnings`. Takes no variant and no precondition. The same kill again is `changed: false`.',
    body: Kill,
    named: NamedKill,
    does: (request, flag, body) =>
      parts.metrics.timeKill(() => flips.kill(actorOf(request), flag, body, request.origin as Origin)),
  })
  actOnSeveral({
    path: '/v1/kills',
    operationId: 'killFlags',
    summary: 'Kill several flags in one act: all of them, or none',
    description:
      'Like a kill of each, under one Idempotency-Key. Refused as a whole where one of the flags is unknown, or the caller may not kill it; never for its paperwork.',
    body: GroupKill,
    does: (request, body) => flips.killAll(actorOf(request), body, request.origin as Origin),
  })
  act({
    verb: 'restore',
    config: { access: 'viewer', usual: 'engineer' },
    summary: 'Restore: release the holds named',
    description:
      "Names one of incident, hold, all or undo. The flag is back to normal when its last hold is gone. `If-Match` with the flag's ETag makes sure that nothing changed since you looked.",
    body: Restore,
    named: NamedRestore,
    does: (request, flag, body) =>
      flips.restore(actorOf(request), flag, body, request.ifMatchPlace, request.origin as Origin),
  })
  actOnSeveral({
    path: '/v1/steps/run',
    operationId: 'runStep',
    summary: 'Run a runbook step: all of its kills, or none',
    description:
      'Never restores, never runs nested steps. `flags` picks among the kills, and is needed where the runbook makes them conditional. `GET /v1/steps?step=` shows what a run would do.',
    body: StepRun,
    does: (request, body) => flips.runStep(actorOf(request), body, request.origin as Origin),
  })
  act({
    verb: 'drill',
    config: { access: 'engineer' },
    summary: 'Drill: prove the path of a kill end to end, without changing any value',
    description:
      'Moves the revision, so that every app instance confirms it by receipt (`Prefer: wait=2`), and dates the last proof of the flag.',
    body: Drill,
    named: NamedDrill,
    does: (request, flag, body) => flips.drill(actorOf(request), flag, body, request.origin as Origin),
  })
  app.get(
    '/v1/flips/:id',
    {
      config: { access: 'viewer', limits: ['kill'], kept: true },
      schema: {
        operationId: 'getFlip',
        summary: 'What became of a flip',
        description:
          'By the place of its entry, or by your own Idempotency-Key. `never` is said only when it is certain.',
        tags,
        params: FlipParams,
        response: { 200: ref(FlipStatus) },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request)
      const status = await flips.find(actor, request.params.id)
      const proof = await proofsIn(log, status.entries)
      const convergence = await settle(
        parts,
        status.entries,
        waitSeconds(request, LONGEST_WAIT_SECONDS) * 1000,
        endOf(reply),
      )
      return {
        ...statusToldTo(actor, presentStatus(status, environment, definitions, log.known)),
        ...(proof.length > 0 ? { proof } : {}),
        ...(convergence.length > 0 ? { convergence } : {}),
      }
    },
  )
}

type WithHolds = Pick<Flip, 'holds'> & { flips?: Flip[] }

/** A credential that may only kill is told of its own holds. */
function toldTo<T extends WithHolds>(actor: Actor, flip: T): T {
  if (actor.only === undefined) return flip
  const { holds, flips } = flip
  return {
    ...flip,
    ...(holds === undefined ? {} : { holds: holds.filter(hold => hold.actor === actor.id) }),
    ...(flips === undefined ? {} : { flips: flips.map(each => toldTo(actor, each)) }),
  }
}

function statusToldTo(actor: Actor, { flip, flips, ...status }: StatusAnswer): StatusAnswer {
  return {
    ...status,
    ...(flip === undefined ? {} : { flip: toldTo(actor, flip) }),
    ...(flips === undefined ? {} : { flips: flips.map(each => toldTo(actor, each)) }),
  }
}
