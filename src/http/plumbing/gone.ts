// When an answer is no longer waited for: its client has gone, or the service is closing. Nothing that waits may hold up
// a shutdown, and nothing may pile up on a connection that is kept.

import type { FastifyInstance, FastifyReply } from 'fastify'
import { waitsOn } from './connections.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Those who wait for something that may never come. */
    waiting: Set<AbortController>
  }
}

/** How long answers under way may still take once the service closes; then their connections are cut. */
const GRACE_MS = 5_000

/** Aborts when the answer is sent or its client has gone. */
export function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  // one that has gone already tells nobody again
  if (reply.raw.destroyed) gone.abort()
  else reply.raw.once('close', () => gone.abort())
  return gone.signal
}

/** As `goneOf`, and when the service closes: for whoever waits for something to happen. */
export function endOf(reply: FastifyReply): AbortSignal {
  const { waiting } = reply.server
  waitsOn(reply)
  const end = new AbortController()
  if (reply.raw.destroyed) end.abort()
  else waiting.add(end)
  reply.raw.once('close', () => {
    waiting.delete(end)
    end.abort()
  })
  return end.signal
}

/** Lets those who wait go at once, and no connection stay open behind its last answer. */
export function registerClosing(app: FastifyInstance): void {
  let isClosing = false
  app.decorate('waiting', new Set<AbortController>())
  app.addHook('onSend', async (_, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
  app.addHook('preClose', async () => {
    isClosing = true
    for (const waiting of app.waiting) waiting.abort()
    setTimeout(() => app.server.closeAllConnections(), GRACE_MS).unref()
  })
}
