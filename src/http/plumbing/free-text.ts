// Free text on the way in: cleaned before it is validated, so that what is left of it counts. Names and ids are not among
// it: they are compared as they stand, and are refused where they are none. A kill's is cleaned where its warnings are made.

import type { FastifyRequest } from 'fastify'
import { withoutTokens } from '../../domain/token-form.js'
import { cleaned } from '../../text/characters.js'

const FREE_TEXT = ['reason', 'title', 'text', 'owner', 'commander', 'severity', 'until', 'due', 'url', 'step']
const PAPERS = ['reason', 'incident', 'step']
/** No body has free text further in than `leave[0].owner`. */
const DEEPEST = 3

/** Fastify's `preValidation` of whatever changes something. A kill or a run needs no body; `null` is one, and not the right one. */
export async function readBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {}
  const { flips } = request.routeOptions.config
  if (flips === 'kill' || flips === 'step.run') readPapers(request.body)
  else clean(request.body, DEEPEST)
}

/** A kill's: whatever stands there is a text, and `null` is none. Scripts send numbers of incidents, and what they left empty. */
function readPapers(body: unknown): void {
  if (typeof body !== 'object' || body === null) return
  const members = body as Record<string, unknown>
  for (const name of PAPERS) {
    const given = members[name]
    if (given === null) delete members[name]
    else if (given !== undefined && typeof given !== 'string') members[name] = JSON.stringify(given)
  }
}

function clean(body: unknown, depth: number): void {
  if (typeof body !== 'object' || body === null || depth < 0) return
  const members = body as Record<string, unknown>
  for (const [name, value] of Object.entries(members))
    if (typeof value !== 'string') clean(value, depth - 1)
    else if (FREE_TEXT.includes(name)) members[name] = withoutTokens(cleaned(value))
}
