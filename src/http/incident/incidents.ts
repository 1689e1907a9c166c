// Incidents: declare, look, note, adopt, change, tick, resolve, reopen.

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { orphansOf } from '../../domain/incident/adopt.js'
import type { Incident as FoldedIncident } from '../../domain/incident/incident.js'
import { type Entry, placeOf } from '../../domain/log/audit.js'
import { sentenceOf } from '../../domain/log/sentence.js'
import type { Origin, Submitted } from '../../service/submissions.js'
import { Note } from '../../wire/entry.js'
import {
  DeclarationAnswer,
  Incident,
  IncidentAnswer,
  IncidentList,
  IncidentParams,
  IncidentQuery,
} from '../../wire/incident.js'
import { Adoption, Declaration, IncidentChange, Reopen, Resolve, StepTick } from '../../wire/incident-act.js'
import { ref } from '../../wire/members.js'
import { readHeaders } from '../flip/flips.js'
import type { App, Parts } from '../parts.js'
import { actorOf } from '../plumbing/auth.js'
import { readBody } from '../plumbing/free-text.js'
import { goneOf } from '../plumbing/gone.js'
import { presentEntries, presentIncident, type Shown, summariseIncident } from './present-incident.js'

const tags = ['incidents']
const hooks = { preValidation: readBody, preHandler: readHeaders }

export function incidentRoutes(app: App, parts: Parts): void {
  lookRoutes(app, parts)
  declareRoute(app, parts)
  workRoutes(app, parts)
}

const shownBy = ({ log, incidents, environment, clock }: Parts, incident: FoldedIncident): Shown => ({
  state: log.known,
  runbook: incidents.runbookOf(incident),
  environment,
  now: clock(),
  passed: incidents.passed,
  hours: incidents.hours,
})

function lookRoutes(app: App, parts: Parts): void {
  const { incidents, environment } = parts
  app.get(
    '/v1/incidents',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listIncidents',
        summary: 'Incidents, newest first',
        tags,
        querystring: IncidentQuery,
        response: { 200: ref(IncidentList) },
      },
    },
    async request => {
      parts.assertKnown()
      const found = incidents.list(request.query.status)
      return { environment, incidents: found.map(each => summariseIncident(each, shownBy(parts, each))) }
    },
  )
  app.get(
    '/v1/incidents/:id',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getIncident',
        summary: 'One incident: what it holds, what is due and what is overdue, its steps',
        tags,
        params: IncidentParams,
        response: { 200: ref(Incident) },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const incident = incidents.get(request.params.id)
      reply.header('cache-control', 'no-store')
      return presentIncident(incident, shownBy(parts, incident))
    },
  )
}

function declareRoute(app: App, parts: Parts): void {
  app.post(
    '/v1/incidents',
    {
      config: { access: 'operator', flips: 'incident.declared' },
      ...hooks,
      schema: {
        operationId: 'declareIncident',
        summary: 'Declare an incident',
        description:
          "Runbook and severity can be given later; the severity is one of the runbook's own scale. `adopt` takes holds that no incident has under this one: kill first, declare later. The answer tells which flags changed in the last 24 h, the steps that act on flags, and which names that nobody declared are nearly this one.",
        tags,
        body: ref(Declaration),
        response: { 201: ref(DeclarationAnswer) },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const submitted = await parts.incidents.declare(
        actorOf(request),
        request.body,
        request.origin as Origin,
      )
      const answer = answerOf(parts, reply, submitted)
      const changes = await parts.incidents.changedLately(answer.id, goneOf(reply))
      reply.code(201).header('location', `/v1/incidents/${encodeURIComponent(answer.id)}`)
      return {
        ...answer,
        changedFlags: changes.map(entry => presentChange(parts, entry)),
        notAdopted: unadopted(parts),
      }
    },
  )
}

/** The routes that work on one incident: their path below it, what they take, and whose they are. */
function workRoutes(app: App, parts: Parts): void {
  const { incidents } = parts
  const about = (request: FastifyRequest) =>
    [actorOf(request), (request.params as { id: string }).id, request.origin as Origin] as const
  const route = <
    B extends
      | typeof Note
      | typeof Adoption
      | typeof IncidentChange
      | typeof StepTick
      | typeof Resolve
      | typeof Reopen,
  >(
    path: string,
    {
      action,
      operationId,
      summary,
      body,
    }: { action: Entry['action']; operationId: string; summary: string; body: B },
    work: (
      actor: ReturnType<typeof actorOf>,
      id: string,
      body: Static<B>,
      origin: Origin,
    ) => Promise<Submitted>,
  ) =>
    app.post(
      `/v1/incidents/:id/${path}`,
      {
        config: { access: 'operator', flips: action },
        ...hooks,
        schema: {
          operationId,
          summary,
          tags,
          params: IncidentParams,
          body: ref(body),
          response: { 200: ref(IncidentAnswer) },
        },
      },
      async (request, reply) => {
        parts.assertKnown()
        const [actor, id, origin] = about(request)
        return answerOf(parts, reply, await work(actor, id, request.body as Static<B>, origin)) as never
      },
    )
  route(
    'notes',
    { action: 'incident.noted', operationId: 'noteIncident', summary: 'Write a note', body: Note },
    (actor, id, body, origin) => incidents.note(actor, id, body, origin),
  )
  route(
    'adopt',
    {
      action: 'incident.adopted',
      operationId: 'adoptHolds',
      summary: 'Take holds of no incident, of one nobody declared, or of a resolved one',
      body: Adoption,
    },
    (actor, id, body, origin) => incidents.adopt(actor, id, body, origin),
  )
  route(
    'changes',
    {
      action: 'incident.changed',
      operationId: 'changeIncident',
      summary: 'Change severity, runbook, commander or title; add a link',
      body: IncidentChange,
    },
    (actor, id, body, origin) => incidents.change(actor, id, body, origin),
  )
  route(
    'steps',
    {
      action: 'incident.step',
      operationId: 'tickStep',
      summary: 'Tick a step of its runbook: done, or skipped and why',
      body: StepTick,
    },
    (actor, id, body, origin) => incidents.tick(actor, id, body, origin),
  )
  route(
    'resolve',
    {
      action: 'incident.resolved',
      operationId: 'resolveIncident',
      summary: 'Resolve; refused while it holds a flag or its recovery wait runs',
      body: Resolve,
    },
    (actor, id, body, origin) => incidents.resolve(actor, id, body, origin),
  )
  route(
    'reopen',
    {
      action: 'incident.reopened',
      operationId: 'reopenIncident',
      summary: 'Open a resolved incident again',
      body: Reopen,
    },
    (actor, id, body, origin) => incidents.reopen(actor, id, body, origin),
  )
}

function answerOf(parts: Parts, reply: FastifyReply, { entries, durability, replayed, key }: Submitted) {
  const id = entries[0]?.incident as string
  const incident = parts.incidents.get(id)
  reply.header('idempotency-key', key)
  if (replayed) reply.header('idempotency-replayed', 'true')
  const adopted = entries.flatMap(entry => entry.adopted ?? [])
  return {
    id,
    key,
    changed: entries.some(entry => entry.outcome === 'applied'),
    environment: parts.environment,
    durability,
    replayed,
    warnings: entries.flatMap(entry => entry.warnings ?? []),
    entries: presentEntries(entries),
    ...(adopted.length > 0 ? { adopted } : {}),
    incident: presentIncident(incident, shownBy(parts, incident)),
  }
}

function presentChange({ log }: Parts, entry: Entry) {
  const { at, action, flag, incident, actor } = entry
  const definition = flag === undefined ? undefined : log.state.flags.get(flag)?.definition
  return {
    place: placeOf(entry),
    at,
    action,
    ...(flag === undefined ? {} : { flag }),
    ...(incident === undefined ? {} : { incident }),
    actor: actor.id,
    summary: sentenceOf(entry, definition),
  }
}

const unadopted = ({ log }: Parts) =>
  [...log.known.flags.values()].flatMap(flag =>
    orphansOf(flag).map(({ flag: key, id, actor }) => ({ flag: key, hold: id, actor })),
  )
