// GET /ofrep/v1/events/:secret: tells web and mobile clients to fetch again when a flag of their credential's applications
// has changed. The secret in the path is the credential (EventSource sends no header); it is never logged.

import { Type } from 'typebox'
import { by, KillswitchError } from '../../domain/errors.js'
import { HEARTBEAT_MS } from '../../domain/fleet/receipt.js'
import type { State } from '../../domain/state.js'
import type { LogState } from '../../log/state.js'
import { audienceOf, covers } from '../../service/snapshots.js'
import { openEventSecret } from '../../tokens/event-secret.js'
import type { RefetchEvaluation } from '../../wire/ofrep.js'
import { SseSockets } from '../fleet/sse.js'
import type { App, Parts } from '../parts.js'
import { keepOpen } from '../plumbing/connections.js'
import { configEtag, configModified, versionOf } from './ofrep-request.js'

export const EVENTS_PATH = '/ofrep/v1/events'
const COMMENT = Buffer.from(': alive\n\n')

export function eventsRoute(scope: App, parts: Parts): void {
  const { log, clock, tokens, streams } = parts
  const sockets = new SseSockets()

  scope.get(
    '/v1/events/:secret',
    {
      exposeHeadRoute: false,
      config: { access: 'public', kept: true },
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
      const onClose = streams.admit(found, 'browser', () => sockets.end(reply))
      keepOpen(reply)
      const first = greeting(log, request.headers['last-event-id'], request.query)
      sockets.add(reply, { audience: audienceOf(found.actor.apps), first, onClose })
    },
  )

  let { flags } = log.known
  const unsubscribe = parts.subscribe.entries((_, state) => {
    const changed = [...changedApplications(flags, log.known.flags)]
    flags = log.known.flags
    if (changed.length === 0) return
    const notice = refetch(state)
    for (const audience of sockets.audiences())
      if (changed.some(app => covers(audience, app))) sockets.send(audience, notice)
  })
  const timer = setInterval(() => sockets.beat(COMMENT, performance.now()), HEARTBEAT_MS)
  scope.addHook('preClose', async () => {
    clearInterval(timer)
    unsubscribe()
    await sockets.close(Buffer.from(': bye\n\n'))
  })
}

/** Thrown for any secret that opens nothing; a client then evaluates again, and gets a new one. */
const unknownSecret = (): KillswitchError =>
  new KillswitchError('unauthenticated', 'This event stream is over, or its token is revoked.', {
    wayOut: [by('Take the url of eventStreams in a new bulk answer.')],
  })

/**
 * A client that comes back fetches again, whatever it has; so does a new one whose answer is older than the state. The id
 * alone sets where a browser says it left off, without an event.
 */
function greeting(log: LogState, lastEventId: unknown, query: unknown): Buffer {
  const { after } = query as { after?: string }
  const isCurrent = lastEventId === undefined && (after === undefined || after === versionOf(log))
  const { state } = log
  const first = isCurrent ? Buffer.from(`id: ${state.revision}\n\n`) : refetch(state)
  return Buffer.concat([Buffer.from('retry: 1000\n'), first])
}

const refetch = (state: State): Buffer => {
  const data: RefetchEvaluation = {
    type: 'refetchEvaluation',
    etag: configEtag(state),
    lastModified: configModified(state),
  }
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
