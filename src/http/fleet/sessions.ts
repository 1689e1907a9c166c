// The headers by which an SDK opens its session, with its stream or its first poll: Killswitch-App, -Instance, -Process,
// -Session, -Predecessors; and those it is answered with. What cannot have a session is served all the same.

import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { INSTANCE_NAME } from '../../wire/words.js'
import type { Parts } from '../parts.js'

type Named = { app: string; instance: string }

/** `release` when the stream has ended. */
export type Claimed = { release(): void }
const NOTHING: Claimed = { release: () => {} }

const MOST_PREDECESSORS = 8

/** Answers with the session of whoever asks. `isStream`: it stays for as long as its stream is open. */
export async function claimSession(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: Parts,
  isStream: boolean,
): Promise<Claimed> {
  const named = namedBy(request)
  const { actor, credential } = request
  if (named === undefined || actor?.role !== 'sdk' || credential === undefined) return NOTHING
  if (!isOwn(named.app, actor.apps, parts)) return refused(reply, 'application')
  const session = text(request, 'killswitch-session')
  if (session === 'none') {
    const release = await parts.fleet.attach({ credential, ...named })
    return isStream ? { release } : once(release)
  }
  const opened = await parts.fleet.open({
    credential,
    ...named,
    process: text(request, 'killswitch-process') ?? randomUUID(),
    predecessors: (text(request, 'killswitch-predecessors') ?? '')
      .split(',', MOST_PREDECESSORS)
      .filter(Boolean),
    ...(session === undefined ? {} : { session }),
  })
  if ('refused' in opened) return refused(reply, opened.refused)
  reply.header('killswitch-session', opened.session)
  reply.header('killswitch-instance', encodeURIComponent(opened.instance))
  return NOTHING
}

const once = (release: () => void): Claimed => {
  release()
  return NOTHING
}

function refused(reply: FastifyReply, code: 'application' | 'limit'): Claimed {
  reply.header('killswitch-session-refused', code)
  return NOTHING
}

/** A credential speaks for its own applications, and only for ones that there are. */
function isOwn(app: string, own: readonly string[] | undefined, { log }: Parts): boolean {
  const known = log.state.catalogue?.applications
  return (own?.includes(app) ?? true) && (known === undefined || known.some(({ id }) => id === app))
}

function namedBy(request: FastifyRequest): Named | undefined {
  const [app, instance] = [name(request, 'killswitch-app'), name(request, 'killswitch-instance')]
  return app === undefined || instance === undefined ? undefined : { app, instance }
}

/** As a receipt takes it. */
function name(request: FastifyRequest, header: string): string | undefined {
  const given = text(request, header)
  if (given === undefined) return undefined
  try {
    const decoded = decodeURIComponent(given)
    return INSTANCE_NAME.test(decoded) ? decoded : undefined
  } catch {
    return undefined
  }
}

function text({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
