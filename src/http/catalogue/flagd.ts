// GET /flagd/flags.json: the document that flagd daemons poll. Never an empty one: a daemon that reads one forgets its flags.

import { hash } from 'node:crypto'
import { Type } from 'typebox'
import { flagdDocument } from '../../domain/catalogue/flagd.js'
import { behind } from '../../domain/log/seen.js'
import type { State } from '../../domain/state.js'
import { ref } from '../../wire/members.js'
import { FlagdDocument } from '../../wire/ofrep.js'
import type { App, Parts } from '../parts.js'
import { actorOf } from '../plumbing/auth.js'
import { ifNoneMatch } from '../plumbing/preconditions.js'

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
          'Every flag is `ENABLED`; a killed one has its kill variant as the default and no targeting. 503 `behind` for a daemon that has a newer document: it goes on with that one.',
        tags: ['ofrep'],
        response: {
          200: Type.Unsafe<string>(ref(FlagdDocument)),
          304: Type.Unsafe<undefined>({ type: 'null', description: 'As you know it' }),
        },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      assertNotOlder(request.headers['if-none-match'], parts.log.known)
      const { body, etag } = documents.of(actorOf(request).apps)
      parts.served(request)
      reply.header('etag', etag).header('cache-control', 'no-cache')
      if (parts.health.isLive() && ifNoneMatch(request, etag)) return reply.code(304).send()
      return reply.header('content-type', 'application/json; charset=utf-8').send(body)
    },
  )
}

/** A daemon takes whatever it is given: an instance that has missed a kill must not give what was before it. */
function assertNotOlder(known: string | undefined, { log = '', revision }: State): void {
  const [, of, at] = /"([0-9a-f]{12})-(\d{1,16})-/.exec(known ?? '') ?? []
  if (of === log.slice(0, 12) && Number(at) > revision) throw behind({ place: Number(at) }, revision)
}

/** One document per set of applications, made once per revision. Its ETag says of which log and revision. */
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
    const made = { body, etag: etagOf(log.known, body) }
    this.#known.set(name, made)
    return made
  }
}

const etagOf = ({ log = '', revision }: State, body: string): string =>
  `"${log.slice(0, 12)}-${revision}-${hash('sha256', body, 'base64url')}"`
