// GET /v1/audit: pages, exports as a stream, one entry, and the proof that the chain holds.

import { pipeline, Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { hashLine, type Entry as LogEntry, parsePlace, placeOf } from '../domain/audit.js'
import { badInput, by } from '../domain/errors.js'
import { lostKeyAt } from '../domain/signature.js'
import type { FoundEntry } from '../log/state.js'
import { csvOf } from '../text/csv.js'
import { AuditPage, AuditQuery, PlaceParams, Verification } from '../wire/audit.js'
import { Entry } from '../wire/entry.js'
import { ref } from '../wire/members.js'
import { negotiate } from './accept.js'
import { filterOf } from './audit-filter.js'
import { endOf, goneOf } from './gone.js'
import { type App, type Parts, upstreamOf } from './parts.js'
import { waitSeconds } from './preconditions.js'
import { listEntry, presentEntry, summaryOf } from './present.js'

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
          entry => summaryOf(entry, definitions(entry.flag)),
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
        entries: entries.map(({ entry, line }) => listEntry(entry, hashLine(line))),
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
      const { entry, line, hash } = await audit.entry(parsePlace(place), place)
      reply.header('vary', 'accept')
      if (negotiate(request, ['application/json', NDJSON]) === NDJSON)
        return reply.type(NDJSON).send(`${line}\n`)
      return reply.type('application/json').send(presentEntry(entry, hash))
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

/** What is found, and told of what could not be. */
type Export = (onUnreadable: (said: string) => void) => AsyncIterable<FoundEntry>

async function* lines(found: Export): AsyncGenerator<string> {
  const unreadable: string[] = []
  for await (const { line } of found(said => unreadable.push(said))) yield `${line}\n`
  for (const said of unreadable) yield `${JSON.stringify({ unreadable: said })}\n`
}

const COLUMNS = [
  'place',
  'at',
  'action',
  'outcome',
  'actor',
  'role',
  'via',
  'flag',
  'summary',
  'incident',
  'runbook',
  'step',
  'stepCode',
  'stepLine',
  'stepText',
  'offRunbook',
  'reason',
  'holdsLeft',
  'requestId',
  'hash',
]

function row(entry: LogEntry, line: string, summary: string): unknown[] {
  const { actor, step, runbook } = entry
  const flags = entry.flag ?? entry.flags?.join(' ')
  return [
    placeOf(entry),
    entry.at,
    entry.action,
    entry.outcome,
    actor.id,
    actor.role,
    actor.via,
    flags,
    summary,
    entry.incident,
    runbook?.id,
    step?.id,
    step?.code,
    step?.line,
    step?.text,
    entry.offRunbook ?? false,
    entry.reason,
    entry.holds?.length,
    entry.request.id,
    hashLine(line),
  ]
}

async function* rows(found: Export, summarise: (entry: LogEntry) => string): AsyncGenerator<unknown[]> {
  const unreadable: string[] = []
  for await (const { entry, line } of found(said => unreadable.push(said)))
    yield row(entry, line, summarise(entry))
  for (const said of unreadable) yield COLUMNS.map(column => (column === 'summary' ? said : undefined))
}

function sendExport(
  reply: FastifyReply,
  entries: Export,
  format: 'ndjson' | 'csv',
  environment: string,
  summarise: (entry: LogEntry) => string,
): FastifyReply {
  const name = `killswitch-${environment}-audit.${format}`
  reply.header('content-disposition', `attachment; filename="${name}"`)
  if (format === 'ndjson') return reply.type(NDJSON).send(Readable.from(lines(entries)))
  const csv = csvOf(COLUMNS)
  pipeline(Readable.from(rows(entries, summarise)), csv, () => {})
  return reply.type('text/csv; charset=utf-8').send(csv)
}
