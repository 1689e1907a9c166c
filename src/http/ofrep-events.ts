// GET /ofrep/v1/events/:secret: tells web and mobile clients to fetch again when a flag of their credential's applications
// has changed. The secret in the path is the credential (EventSource sends no header); it is never logged.

import { Type } from 'typebox'
import { KillswitchError } from '../domain/errors.js'
import type { State } from '../domain/state.js'
import type { Log } from '../service/log.js'
import { openEventSecret } from '../tokens/event-secret.js'
import { configEtag, configModified, versionOf } from './ofrep-request.js'
import type { App, Parts } from './parts.js'
import { SseSockets } from './sse.js'

export const EVENTS_PATH = '/ofrep/v1/events'
const CHECK_MS = 1_000
/** Every so many checks. */
const HEARTBEAT = 5
const COMMENT = Buffer.from(': alive\n\n')

/** Who listens with one credential: its stored hash is the name of the audience. */
type Listeners = { id: string; apps: readonly string[] | undefined; open: number }

export function eventsRoute(scope: App, parts: Parts): void {
  const { log, clock, tokens } = parts
  const sockets = new SseSockets()
  const audiences = new Map<string, Listeners>()

  scope.get(
    '/v1/events/:secret',
    {
      exposeHeadRoute: false,
      config: { access: 'public' },
      schema: {
        operationId: 'ofrepEvents',
        summary: 'Notices to evaluate again (OFREP, server-sent events)',
        description: 'Open the `url` of `eventStreams` in a bulk answer; it carries a secret of its own.',
        tags: ['ofrep'],
        response: {
          200: { description: 'The stream', content: { 'text/event-stream': { schema: Type.String() } } },
        },
      },
    },
    (request, reply) => {
      parts.assertKnown()
      const { secret } = request.params as { secret: string }
      const found = openEventSecret(secret, tokens(), clock())
      if (found === undefined) throw unknownSecret()
      const { id, apps } = found.actor
      const listeners = audiences.get(found.sha256) ?? { id, apps, open: 0 }
      audiences.set(found.sha256, listeners)
      listeners.open++
      sockets.add(reply, {
        audience: found.sha256,
        first: greeting(log, request.headers['last-event-id'], request.query),
        onClose: () => {
          if (--listeners.open === 0) audiences.delete(found.sha256)
        },
      })
    },
  )

  let { flags } = log.known
  const unsubscribe = log.subscribe((_, state) => {
    const changed = changedApplications(flags, log.known.flags)
    flags = log.known.flags
    if (changed.size === 0) return
    const notice = refetch(state)
    for (const [audience, { apps }] of audiences)
      if (apps === undefined || apps.some(app => changed.has(app))) sockets.send(audience, notice)
  })
  let checks = 0
  const timer = setInterval(() => {
    for (const [sha256, listeners] of audiences) {
      const known = tokens()
        .credentialsOf(listeners.id, clock())
        .find(each => each.sha256 === sha256)
      if (known === undefined) sockets.end(sha256)
      else listeners.apps = known.actor.apps
    }
    if (++checks % HEARTBEAT === 0) sockets.beat(COMMENT, performance.now())
  }, CHECK_MS)
  scope.addHook('preClose', async () => {
    clearInterval(timer)
    unsubscribe()
    await sockets.close(Buffer.from(': bye\n\n'))
  })
}

/** Thrown for any secret that opens nothing; a client then evaluates again, and gets a new one. */
const unknownSecret = (): KillswitchError =>
  new KillswitchError(
    'unauthenticated',
    'This event stream is over, or its token is revoked: take the url of eventStreams in a new bulk answer.',
  )

/**
 * A client that comes back fetches again, whatever it has; so does a new one whose answer is older than the state. The id
 * alone sets where a browser says it left off, without an event.
 */
function greeting(log: Log, lastEventId: unknown, query: unknown): Buffer {
  const { after } = query as { after?: string }
  const isCurrent = lastEventId === undefined && (after === undefined || after === versionOf(log))
  const { state } = log
  const first = isCurrent ? Buffer.from(`id: ${state.revision}\n\n`) : refetch(state)
  return Buffer.concat([Buffer.from('retry: 1000\n'), first])
}

const refetch = (state: State): Buffer => {
  const data = { type: 'refetchEvaluation', etag: configEtag(state), lastModified: configModified(state) }
  return Buffer.from(`id: ${state.revision}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** The applications with a flag that is not the same object before and after: the fold replaces what it changes. */
function changedApplications(before: State['flags'], after: State['flags']): Set<string> {
  const changed = new Set<string>()
  if (before === after) return changed
  for (const [key, flag] of after) if (before.get(key) !== flag) changed.add(flag.definition.application)
  for (const [key, flag] of before) if (!after.has(key)) changed.add(flag.definition.application)
  return changed
}
