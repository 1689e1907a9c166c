// One connection to `GET /v1/stream`: from the request to the end, told as events. Knows the framing and the words on
// the wire; reconnects nothing and holds no state.

import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { ResponseLike, Runtime } from '../runtime.js'
import type { Change, Heartbeat } from './snapshot.js'
import { reasonOf, statusOf } from './transport.js'
import { readChange, readHeartbeat } from './wire.js'

export type StreamEvents = {
  opened(answer: ResponseLike): void
  change(change: Change): void
  heartbeat(heartbeat: Heartbeat): void
  /** Something came that is no event of ours: not counted as a sign of life. */
  malformed(event: string): void
}

export type Ended =
  | { how: 'bye' }
  | { how: 'lost'; reason: string }
  | { how: 'unreachable'; reason: string }
  | { how: 'refused'; status: number }

/** More than this without a whole event is no stream of ours (characters). */
const LONGEST_EVENT = 8 * 1024 * 1024

/** Runs until the stream ends or `signal` aborts. Never rejects. */
export async function follow(
  runtime: Runtime,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  events: StreamEvents,
): Promise<Ended> {
  let opened = false
  try {
    const all = { ...headers, accept: 'text/event-stream', 'cache-control': 'no-store' }
    const answer = await runtime.fetch(`${url}/v1/stream`, { headers: all, signal, redirect: 'manual' })
    if (answer.status === 401 || answer.status === 403) return { how: 'refused', status: answer.status }
    const type = answer.headers.get('content-type') ?? ''
    if (answer.status !== 200 || !answer.body || !type.startsWith('text/event-stream'))
      return { how: 'unreachable', reason: `the stream answered ${statusOf(answer)} ${type}` }
    opened = true
    events.opened(answer)
    return await read(answer.body, events)
  } catch (error) {
    return { how: opened ? 'lost' : 'unreachable', reason: reasonOf(error) }
  }
}

async function read(body: AsyncIterable<Uint8Array>, events: StreamEvents): Promise<Ended> {
  const decoder = new TextDecoder()
  let bye = false
  let pending = 0
  let line: string[] = []
  const parser = createParser({
    onEvent(message) {
      pending = 0
      if (message.event === 'bye') bye = true
      else tell(message, events)
    },
  })
  for await (const chunk of body) {
    pending += chunk.length
    if (pending > LONGEST_EVENT) return { how: 'lost', reason: 'an event without an end' }
    const text = decoder.decode(chunk, { stream: true })
    line.push(text)
    // the parser begins at the start of an unfinished line again with every piece of it: it gets whole ones
    if (!/[\r\n]/.test(text)) continue
    parser.feed(line.join(''))
    line = []
    if (bye) return { how: 'bye' }
  }
  return { how: 'lost', reason: 'the service closed the stream' }
}

function tell({ event = 'message', data }: EventSourceMessage, events: StreamEvents): void {
  if (event === 'change') {
    const change = readChange(data)
    if (change) events.change(change)
    else events.malformed(event)
  } else if (event === 'heartbeat') {
    const heartbeat = readHeartbeat(data)
    if (heartbeat) events.heartbeat(heartbeat)
    else events.malformed(event)
  }
}
