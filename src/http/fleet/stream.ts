// GET /v1/snapshot and GET /v1/stream: how an app's SDK learns the state and every change of it. No actors, no reasons.

import { Type } from 'typebox'
import { HEARTBEAT_MS } from '../../domain/fleet/receipt.js'
import { audienceOf } from '../../service/snapshots.js'
import { ref } from '../../wire/members.js'
import { type Bye, type Change, type Heartbeat, Snapshot } from '../../wire/snapshot.js'
import type { App, Parts } from '../parts.js'
import { upstreamOf } from '../parts.js'
import { actorOf } from '../plumbing/auth.js'
import { keepOpen } from '../plumbing/connections.js'
import { ifNoneMatch } from '../plumbing/preconditions.js'
import { claimSession } from './sessions.js'
import { frame, SseSockets } from './sse.js'

export function streamRoutes(app: App, parts: Parts): void {
  const { snapshots, log, health } = parts
  const tags = ['applications']
  const sockets = new SseSockets()

  app.get(
    '/v1/snapshot',
    {
      config: { access: 'reader', kept: true },
      schema: {
        operationId: 'getSnapshot',
        summary: 'Definitions and state, for the applications of the token',
        description:
          'Strong `ETag`; `If-None-Match` is answered by 304 only while this instance follows the store, so that a kill is never hidden behind one.',
        tags,
        response: {
          200: {
            description: 'The snapshot',
            content: { 'application/json': { schema: ref(Snapshot) } },
          },
          304: Type.Null({ description: 'It is the one you have' }),
        },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const actor = actorOf(request)
      await claimSession(request, reply, parts, false)
      const { body, etag } = snapshots.snapshot(audienceOf(actor.apps))
      // an SDK with a stream reads this too, and proves more by its receipt: it is not counted twice
      if (request.headers['killswitch-mode'] === 'serverless') parts.served(request)
      reply
        .header('etag', etag)
        .header('cache-control', 'no-cache')
        .header('killswitch-upstream', upstreamOf(parts))
      if (health.isLive() && ifNoneMatch(request, etag)) return reply.code(304).send(null)
      return reply
        .type('application/json; charset=utf-8')
        .serializer(asIs)
        .send(body as never)
    },
  )

  app.get(
    '/v1/stream',
    {
      // its head never ends
      exposeHeadRoute: false,
      config: { access: 'reader', kept: true },
      schema: {
        operationId: 'stream',
        summary: 'Every change, as it happens (server-sent events)',
        description:
          'On connect and on every change one `change` event with the full set of held flags, `id` = revision; a `heartbeat` every 5 s with `upstream: live | stale`; `bye` before an orderly stop. Ends within a second once its token is revoked or has expired; 503 `too-many-streams` when this instance has all it takes.',
        tags,
        response: {
          200: { description: 'The stream', content: { 'text/event-stream': { schema: Type.String() } } },
        },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const actor = actorOf(request)
      const audience = audienceOf(actor.apps)
      const presented = { actor, sha256: request.credential as string }
      const onClose = parts.streams.admit(presented, 'app', () => sockets.end(reply))
      keepOpen(reply)
      // known before its first event, so that no kill is confirmed over its head
      const { release } = await claimSession(request, reply, parts, true).catch(error => {
        onClose()
        throw error
      })
      const first = Buffer.concat([changeFrame(audience), heartbeat()])
      const closed = () => {
        onClose()
        release()
      }
      sockets.add(reply, { audience, first, onClose: closed })
    },
  )

  /** The same change is the same object: when everybody comes back at once, it is encoded once. */
  const encoded = new WeakMap<Change, Buffer>()
  const changeFrame = (audience: string): Buffer => {
    const change = snapshots.change(audience)
    const known = encoded.get(change) ?? frame('change', change, snapshots.revision)
    encoded.set(change, known)
    return known
  }
  const heartbeat = (): Buffer => {
    const { cosigned } = log.proof
    const checkpoint = log.proof.newest()
    return frame('heartbeat', {
      upstream: upstreamOf(parts),
      revision: log.state.revision,
      log: log.state.log ?? '',
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(cosigned === undefined ? {} : { cosigned }),
    } satisfies Heartbeat)
  }

  let told = { revision: log.state.revision, provisional: log.provisional }
  const unsubscribe = parts.subscribe.entries((_, { revision }) => {
    const { provisional } = log
    if (revision === told.revision && provisional === told.provisional) return
    told = { revision, provisional }
    for (const audience of sockets.audiences()) sockets.send(audience, changeFrame(audience))
  }, 'first')
  let upstream = upstreamOf(parts)
  let beatAt = performance.now()
  // looks often, so that apps learn at once that this instance has lost the store; beats every five seconds
  const timer = setInterval(() => {
    const now = performance.now()
    if (upstreamOf(parts) === upstream && now - beatAt < HEARTBEAT_MS) return
    upstream = upstreamOf(parts)
    beatAt = now
    sockets.beat(heartbeat(), now)
  }, 250)
  app.addHook('preClose', async () => {
    clearInterval(timer)
    unsubscribe()
    await sockets.close(frame('bye', { reason: 'this instance is stopping' } satisfies Bye))
  })
}

/** The body is serialised already. */
const asIs = (body: unknown): string => body as string
