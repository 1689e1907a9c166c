// GET /v1/audit: pages, exports as a stream, one entry, and the proof that the chain holds.

import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { badInput, by } from '../../domain/errors.js'
import { hashLine, placeOf } from '../../domain/log/audit.js'
import { placeTyped } from '../../domain/log/place-typed.js'
import { lostKeyAt } from '../../domain/log/signature.js'
import { AuditPage, AuditQuery, PlaceParams, Verification } from '../../wire/audit.js'
import { Entry } from '../../wire/entry.js'
import { ref } from '../../wire/members.js'
import { listEntry, presentEntry } from '../flip/present.js'
import { type App, type Parts, upstreamOf } from '../parts.js'
import { negotiate } from '../plumbing/accept.js'
import { endOf, goneOf } from '../plumbing/gone.js'
import { waitSeconds } from '../plumbing/preconditions.js'
import { filterOf } from './audit-filter.js'
import { type Definitions, type Export, entriesAsCsv } from './entries-csv.js'

const LONGEST_WAIT_SECONDS = 60
const NDJSON = 'application/x-ndjson'

export function auditRoutes(app: App, parts: Parts): void {
  const { audit, log, environment } = parts
  const tags = ['audit']
  const definitions = (key: string | undefined) =>
    key === undefined ? undefined : log.state.flags.get(key)?.definition
  app.get(
    '/v1/audit',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'queryAudit',
        summary: 'Who, when, why, from which step',
        description: `Any combination of filters. \`Accept: ${NDJSON}\` streams every match as the exact stored lines, \`text/csv\` as a table; what cannot be read on a damaged disk is told at its end, in a line \`{"unreadable":"..."}\` or a row. With \`order=oldest\`, \`next\` is always there: \`Prefer: wait=30\` waits at the head for what comes.`,
        tags,
        querystring: AuditQuery,
        response: {
          200: {
            description: 'Entries',
            content: {
              'application/json': { schema: ref(AuditPage) },
              [NDJSON]: { schema: Type.String() },
              'text/csv': { schema: Type.String() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { order = 'newest', limit, cursor, ...query } = request.query
      const filter = filterOf(query)
      reply.header('vary', 'accept').header('cache-control', 'no-store')
      await audit.assertMeant(query.flag)
      const format = formatOf(request)
      if (format !== 'json') {
        if (cursor !== undefined || limit !== undefined)
          throw badInput(
            { in: 'query', path: 'query', problem: 'has "cursor" or "limit"' },
            'An export has every match.',
            by('Leave out cursor and limit, or ask for application/json.'),
          )
        return sendExport(
          reply,
          onUnreadable => audit.stream(filter, order, goneOf(reply), onUnreadable),
          format,
          environment,
          definitions,
        )
      }
      const wait = waitSeconds(request, LONGEST_WAIT_SECONDS)
      if (wait > 0 && order === 'oldest') reply.header('preference-applied', `wait=${wait}`)
      const ask = {
        order,
        waitMs: wait * 1000,
        signal: endOf(reply),
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      }
      const { entries, examined, next, unreadable } = await audit.page(filter, ask)
      const isEmpty = entries.length === 0 && cursor === undefined && unreadable === undefined
      const warnings = isEmpty ? await audit.unknown(filter, parts.tokens().actors) : []
      const page = {
        entries: entries.map(({ entry, line }) => listEntry(entry, hashLine(line), definitions(entry.flag))),
        examined,
        head: placeOf(log.head),
        ...(warnings.length > 0 ? { warnings } : {}),
        upstream: upstreamOf(parts),
        ...(unreadable === undefined ? {} : { unreadable }),
        ...(next === undefined ? {} : { next }),
      }
      return reply.type('application/json').send(page)
    },
  )
  app.get(
    '/v1/audit/verify',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'verifyAudit',
        summary: 'Recomputes the whole chain from the bytes on this instance',
        tags,
        response: { 200: ref(Verification) },
      },
    },
    async (_, reply) => {
      const found = await audit.verify(goneOf(reply))
      const { lost = [] } = log.state.signing ?? {}
      const lostKeys = lost.map(place => ({ place, detail: lostKeyAt(place) }))
      if (found.ok)
        return {
          ...{ ok: true, environment, entries: found.entries, head: found.head },
          ...(lostKeys.length === 0 ? {} : { lostKeys }),
        }
      const { ok, ...problem } = found
      return { ok, environment, problem }
    },
  )
  app.get(
    '/v1/audit/:place',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'getEntry',
        summary: `One entry, whole; \`Accept: ${NDJSON}\` gives the exact stored line`,
        tags,
        params: PlaceParams,
        response: {
          200: {
            description: 'The entry',
            content: { 'application/json': { schema: ref(Entry) }, [NDJSON]: { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { place } = request.params
      const { entry, line, hash } = await audit.entry(placeTyped(place))
      reply.header('vary', 'accept')
      if (negotiate(request, ['application/json', NDJSON]) === NDJSON)
        return reply.type(NDJSON).send(`${line}\n`)
      return reply.type('application/json').send(presentEntry(entry, hash, definitions(entry.flag)))
    },
  )
}

type Format = 'json' | 'ndjson' | 'csv'

const FORMATS = {
  'application/json': 'json',
  [NDJSON]: 'ndjson',
  'application/ndjson': 'ndjson',
  'text/csv': 'csv',
} as const satisfies Record<string, Format>

const formatOf = (request: FastifyRequest): Format =>
  FORMATS[negotiate(request, ['application/json', NDJSON, 'application/ndjson', 'text/csv'])]

async function* lines(found: Export): AsyncGenerator<string> {
  const unreadable: string[] = []
  for await (const { line } of found(said => unreadable.push(said))) yield `${line}\n`
  for (const said of unreadable) yield `${JSON.stringify({ unreadable: said })}\n`
}

function sendExport(
  reply: FastifyReply,
  entries: Export,
  format: 'ndjson' | 'csv',
  environment: string,
  definitions: Definitions,
): FastifyReply {
  const name = `killswitch-${environment}-audit.${format}`
  reply.header('content-disposition', `attachment; filename="${name}"`)
  if (format === 'ndjson') return reply.type(NDJSON).send(Readable.from(lines(entries)))
  return reply.type('text/csv; charset=utf-8').send(entriesAsCsv(entries, definitions))
}
