// GET /flagd/flags.json: the document that flagd daemons poll. Never an empty one: a daemon that reads one forgets its flags.

import { hash } from 'node:crypto'
import { Type } from 'typebox'
import { flagdDocument } from '../domain/flagd.js'
import type { State } from '../domain/state.js'
import { actorOf } from './auth.js'
import type { App, Parts } from './parts.js'
import { ifNoneMatch } from './preconditions.js'

type Document = { body: string; etag: string }

export function flagdRoute(app: App, parts: Parts): void {
  const documents = new Documents(parts)
  app.get(
    '/flagd/flags.json',
    {
      logLevel: 'warn',
      config: { access: 'reader', kept: true },
      schema: {
        operationId: 'getFlagdDocument',
        summary: 'The flags as a flagd daemon reads them',
        description:
          'Every flag is `ENABLED`; a killed one has its kill variant as the default and no targeting.',
        tags: ['ofrep'],
        response: {
          200: Type.Unsafe<string>({ type: 'object', additionalProperties: true }),
          304: Type.Unsafe<undefined>({ type: 'null', description: 'As you know it' }),
        },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const { body, etag } = documents.of(actorOf(request).apps)
      parts.served(request)
      reply.header('etag', etag).header('cache-control', 'no-cache')
      if (parts.health.isLive() && ifNoneMatch(request, etag)) return reply.code(304).send()
      return reply.header('content-type', 'application/json; charset=utf-8').send(body)
    },
  )
}

/** One document per set of applications, made once per revision. */
class Documents {
  readonly #parts: Parts
  #state: State | undefined
  #known = new Map<string, Document>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  of(apps: readonly string[] | undefined): Document {
    const { log, environment } = this.#parts
    if (log.known.flags !== this.#state?.flags || log.known.revision !== this.#state.revision) {
      this.#state = log.known
      this.#known = new Map()
    }
    const name = apps?.join() ?? '*'
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const body = JSON.stringify(flagdDocument(log.known, apps, environment))
    const made = { body, etag: `"${hash('sha256', body, 'base64url')}"` }
    this.#known.set(name, made)
    return made
  }
}
