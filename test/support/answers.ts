// Holds every answer and every event that a service in this process sends against its shape. A test file in which one does
// not fit fails at its end, whatever its tests say.

import { subscribe } from 'node:diagnostics_channel'
import type { ValidateFunction } from 'ajv'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SHAPES } from '../../src/http/plumbing/shapes.js'
import { closed, faultsIn, strictAjv } from './shapes.js'

const ajv = strictAjv()
for (const shape of SHAPES) ajv.addSchema(closed(shape) as object)

const faults = new Map<string, string>()
const compiled = new Map<object, ValidateFunction>()
const EVENTS: Record<string, string> = { change: 'Change', heartbeat: 'Heartbeat', bye: 'Bye' }

/** How many answers and events were held against their shapes. */
export const seen = { answers: 0, events: 0 }

/** Those that did not fit so far, by where they came from. */
export const unfit = (): ReadonlyMap<string, string> => faults

subscribe('fastify.initialization', message => {
  const { fastify } = message as { fastify: FastifyInstance }
  fastify.addHook('onRequest', async ({ url }, reply) => {
    if (/^\/(v1\/stream|ofrep\/v1\/events\/)/.test(url)) watchEvents(url.replace(/\?.*/, ''), reply)
  })
  fastify.addHook('onSend', async (request, reply, payload) => {
    const validate = shapeOf(request, reply)
    if (validate === undefined || request.method === 'HEAD') return payload
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload
    seen.answers++
    const where = `${request.method} ${request.routeOptions.url ?? request.url} ${reply.statusCode}`
    note(where, faultsIn(validate, JSON.parse(String(payload))))
    return payload
  })
})

process.on('exit', () => {
  if (faults.size === 0) return
  for (const [where, found] of faults) process.stderr.write(`${where} is not of its shape:\n${found}\n`)
  process.exitCode = 1
})

function note(where: string, found: string[]): void {
  if (found.length > 0 && !faults.has(where)) faults.set(where, found.map(each => `  ${each}`).join('\n'))
}

/** What the route says of this status; a problem has its own shape everywhere. Undefined for what is not JSON of a route. */
function shapeOf({ routeOptions, url }: FastifyRequest, reply: FastifyReply): ValidateFunction | undefined {
  const type = String(reply.getHeader('content-type') ?? '')
  if (type.startsWith('application/problem+json')) return ajv.getSchema('Problem')
  if (!type.startsWith('application/json')) return undefined
  if (url.startsWith('/ofrep/') && reply.statusCode >= 400) return ajv.getSchema('EvaluationFailure')
  const { response } = (routeOptions.schema ?? {}) as { response?: Record<number, unknown> }
  const said = response?.[reply.statusCode] as { content?: Record<string, { schema: object }> } | undefined
  const schema = said?.content === undefined ? said : said.content['application/json']?.schema
  if (schema === undefined) return undefined
  const known = compiled.get(schema) ?? ajv.compile(closed(schema) as object)
  compiled.set(schema, known)
  return known
}

/** Each frame is written whole; the last one may come with the end. */
function watchEvents(where: string, { raw }: FastifyReply): void {
  for (const name of ['write', 'end'] as const) {
    const send = raw[name].bind(raw) as (...given: unknown[]) => unknown
    raw[name] = ((...given: unknown[]) => {
      if (Buffer.isBuffer(given[0])) for (const block of String(given[0]).split('\n\n')) hold(where, block)
      return send(...given)
    }) as never
  }
}

function hold(where: string, block: string): void {
  const data = /^data: (.*)$/m.exec(block)?.[1]
  if (data === undefined) return
  const event = /^event: (.*)$/m.exec(block)?.[1]
  const validate = ajv.getSchema(event === undefined ? 'RefetchEvaluation' : (EVENTS[event] ?? ''))
  seen.events++
  note(
    `${where.replace(/events\/.*/, 'events')} ${event ?? ''}`.trim(),
    validate === undefined ? ['is an event without a shape'] : faultsIn(validate, JSON.parse(data)),
  )
}
