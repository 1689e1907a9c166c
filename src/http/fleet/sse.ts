// Open event streams. A frame is encoded once and shared by every socket; a socket holds at most one unsent event, the
// newest; one that takes nothing for ten seconds is cut. Between some hundred sockets everything else has its turn. Knows
// nothing of what the frames say.

import type { FastifyReply } from 'fastify'

/** A socket that has not drained for so long is cut: its client reconnects and gets the newest state. */
const STUCK_AFTER_MS = 10_000
const CLOSING_MS = 1_000
/** A write takes some ten microseconds: a kill is not to wait for ten thousand of them. */
const AT_ONCE = 500

/** One event as it goes over the wire. `data` is one line of JSON. */
export function frame(event: string, data: unknown, id?: string | number): Buffer {
  const head = id === undefined ? '' : `id: ${id}\n`
  return Buffer.from(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

type Given = {
  /** Sockets of one audience get the same frames: those of the same applications. */
  audience: string
  first?: Buffer
  onClose?: () => void
}

type Socket = Given & { reply: FastifyReply; waiting?: Buffer; blockedAt?: number }

export class SseSockets {
  readonly #sockets = new Map<string, Set<Socket>>()
  /** Those with an event to be written, in the order of their turn. */
  #due: Socket[] = []
  #writing = false
  #closing = false

  audiences(): IterableIterator<string> {
    return this.#sockets.keys()
  }

  /** Takes the response over as an event stream. */
  add(reply: FastifyReply, given: Given): void {
    const socket: Socket = { ...given, reply }
    const { raw } = reply.hijack()
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    raw.on('drain', () => this.#drained(socket))
    // the response's close, not the request's: that one comes as soon as the request is read
    raw.once('close', () => this.#remove(socket))
    raw.on('error', () => raw.destroy())
    const members = this.#sockets.get(given.audience) ?? new Set()
    this.#sockets.set(given.audience, members.add(socket))
    if (given.first) this.#write(socket, given.first)
    else raw.flushHeaders()
    if (this.#closing) raw.end()
    // gone before it was here: its close has been told already
    if (raw.destroyed) this.#remove(socket)
  }

  /** Sends a frame to every socket of an audience. To one that is still busy it goes when it has drained, if nothing newer came. */
  send(audience: string, data: Buffer): void {
    for (const socket of this.#sockets.get(audience) ?? []) {
      if (socket.waiting === undefined) this.#due.push(socket)
      socket.waiting = data
    }
    if (!this.#writing) this.#writeSome()
  }

  /** Sends a frame that may be left out, such as a heartbeat, and cuts the sockets that have been stuck too long. */
  beat(data: Buffer, now: number): void {
    for (const sockets of this.#sockets.values()) {
      for (const socket of sockets) {
        if (socket.reply.raw.writableEnded) socket.reply.raw.destroy()
        else if (socket.blockedAt !== undefined) {
          if (now - socket.blockedAt > STUCK_AFTER_MS) socket.reply.raw.destroy()
        } else if (socket.waiting === undefined) {
          socket.waiting = data
          this.#due.push(socket)
        }
      }
    }
    if (!this.#writing) this.#writeSome()
  }

  /** Ends one stream: nothing is sent on it any more, and the next beat cuts it where its client does not read the end. */
  end({ raw }: FastifyReply): void {
    raw.end()
  }

  /** Says goodbye and waits until every stream has ended, a second at most. */
  async close(goodbye: Buffer): Promise<void> {
    this.#closing = true
    const ended: Promise<void>[] = []
    for (const sockets of this.#sockets.values()) {
      for (const { reply, waiting } of sockets) {
        ended.push(new Promise(resolve => reply.raw.once('close', resolve)))
        reply.raw.end(waiting === undefined ? goodbye : Buffer.concat([waiting, goodbye]))
      }
    }
    const late = new Promise(resolve => setTimeout(resolve, CLOSING_MS).unref())
    await Promise.race([Promise.all(ended), late])
    for (const sockets of this.#sockets.values()) for (const { reply } of sockets) reply.raw.destroy()
  }

  #writeSome(): void {
    for (const socket of this.#due.splice(0, AT_ONCE)) this.#writeWaiting(socket)
    this.#writing = this.#due.length > 0
    if (this.#writing) setImmediate(() => this.#writeSome())
  }

  /** A blocked socket keeps it, until it has drained. */
  #writeWaiting(socket: Socket): void {
    const { waiting, blockedAt } = socket
    if (waiting === undefined || blockedAt !== undefined) return
    delete socket.waiting
    this.#write(socket, waiting)
  }

  #write(socket: Socket, data: Buffer): void {
    if (socket.reply.raw.writableEnded) return
    if (!socket.reply.raw.write(data)) socket.blockedAt = performance.now()
  }

  #drained(socket: Socket): void {
    delete socket.blockedAt
    this.#writeWaiting(socket)
  }

  #remove(socket: Socket): void {
    const members = this.#sockets.get(socket.audience)
    members?.delete(socket)
    if (members?.size === 0) this.#sockets.delete(socket.audience)
    socket.onClose?.()
  }
}
