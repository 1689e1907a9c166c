// The connections that are open: those of strangers (no valid token yet) are few and short, and where all are taken the one
// that matters least is closed for the new one, which may bring a kill. Streams, and acts under way, are never closed here.

import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    connections: Connections
  }
}

/** The journal, its index, the store and the process itself have some thirty files open; and as many again come and go. */
const RESERVED_FILES = 64
/** So that the 20,000 streams an instance takes at most are three quarters of them. */
const MOST = 26_667
/** Taken beyond the number there may be, until something else is closed for them: what comes at once has its turn. */
const NEWCOMERS = { share: 1 / 8, most: 1_024 }
/** Fewer only where there is no room: the longer one may stay, the later its request may come. */
const MOST_STRANGERS = 1_000
/** A stranger's connection is closed so long after its last request began or was answered. */
const STRANGER_MS = 5_000
const STRANGER_KEEPS = 'timeout=4'
const LOOK_MS = 500
/** Requests of one connection that wait for the one before them: no client of ours sends so far ahead. */
const MOST_IN_A_ROW = 128
/** Turns of the event loop within which a request that was sent at once has been read. */
const YOUNG_TURNS = 2

export type Room = { connections: number; newcomers: number }

/** How many connections an instance takes that may have so many files open; Infinity where that is not known. */
export function roomFor(openFiles: number, given = MOST): Room {
  const room = Math.max(16, openFiles - RESERVED_FILES)
  const newcomers = Math.floor(Math.min(NEWCOMERS.most, room * NEWCOMERS.share))
  return { connections: Math.min(given, room - newcomers), newcomers }
}

/** In the order in which they are closed for others. `kept`: a stream, or an act under way. */
const CLOSABLE = ['stranger', 'idle', 'asking'] as const
type Standing = (typeof CLOSABLE)[number] | 'kept'

type Connection = {
  socket: Socket
  standing: Standing
  since: number
  turn: number
  underWay: number
  row: Row
}

/** The requests of a connection, one at a time: the next is begun when the answer before it is written. */
type Row = { isBusy: boolean; waiting: (() => void)[] }

export class Connections {
  readonly most: number
  /** Closed for others, by what they were. */
  readonly closed: Record<(typeof CLOSABLE)[number], number> = { stranger: 0, idle: 0, asking: 0 }
  readonly #newcomers: number
  readonly #all = new Map<Socket, Connection>()
  /** Each by its age. */
  readonly #closable: Record<(typeof CLOSABLE)[number], Set<Connection>> = {
    stranger: new Set(),
    idle: new Set(),
    asking: new Set(),
  }
  readonly #timer: NodeJS.Timeout
  #turn = 0
  #isTurning = false
  #newest = 0

  constructor({ connections, newcomers }: Room) {
    this.most = connections
    this.#newcomers = newcomers
    this.#timer = setInterval(() => this.#closeLate(), LOOK_MS).unref()
  }

  isStranger(socket: Socket): boolean {
    return this.#all.get(socket)?.standing === 'stranger'
  }

  get size(): number {
    return this.#all.size
  }

  get strangers(): number {
    return this.#closable.stranger.size
  }

  watch(server: Server): void {
    server.maxConnections = this.most + this.#newcomers
    server.on('connection', socket => this.#came(socket))
    const handlers = server.listeners('request') as RequestListener[]
    server.removeAllListeners('request')
    server.on('request', (request, response) => {
      const { socket } = request
      const begin = () => {
        response.once('close', () => this.#goOn(socket))
        if (!socket.destroyed) for (const handle of handlers) handle(request, response)
      }
      this.#inARow(socket, begin)
    })
  }

  /** What came in one piece is not begun in one: whoever sends much at once has one turn of the event loop for each. */
  #inARow(socket: Socket, begin: () => void): void {
    const row = this.#all.get(socket)?.row
    if (row?.isBusy !== true) {
      if (row !== undefined) row.isBusy = true
      begin()
    } else if (row.waiting.length < MOST_IN_A_ROW) row.waiting.push(begin)
    else cutOff(socket)
  }

  #goOn(socket: Socket): void {
    const row = this.#all.get(socket)?.row
    if (row === undefined) return
    const next = row.waiting.shift()
    if (next === undefined) row.isBusy = false
    else setImmediate(next)
  }

  /** A request has come. */
  begin(socket: Socket): void {
    const found = this.#all.get(socket)
    if (found === undefined) return
    found.underWay++
    found.since = performance.now()
    if (found.standing === 'idle') this.#move(found, 'asking')
  }

  /** It has a valid token. */
  know(socket: Socket): void {
    const found = this.#all.get(socket)
    if (found?.standing === 'stranger') this.#move(found, 'asking')
  }

  /** It is not to be cut off any more. */
  keep(socket: Socket): void {
    const found = this.#all.get(socket)
    if (found !== undefined) this.#move(found, 'kept')
  }

  /** It is done, and waits for something that may never come. */
  wait(socket: Socket): void {
    const found = this.#all.get(socket)
    if (found?.standing === 'kept') this.#move(found, 'asking')
  }

  /** It is answered. */
  end(socket: Socket): void {
    const found = this.#all.get(socket)
    if (found === undefined || found.underWay === 0) return
    found.underWay--
    found.since = performance.now()
    if (found.underWay === 0 && found.standing !== 'stranger') this.#move(found, 'idle')
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #came(socket: Socket): void {
    const connection: Connection = {
      socket,
      standing: 'stranger',
      since: performance.now(),
      turn: this.#turn,
      underWay: 0,
      row: { isBusy: false, waiting: [] },
    }
    this.#all.set(socket, connection)
    this.#closable.stranger.add(connection)
    socket.once('close', () => this.#gone(connection))
    this.#makeRoom()
    this.#newest = this.#turn
    if (!this.#isTurning) this.#nextTurn()
  }

  /** Counted only while somebody is young, or has to be closed as soon as nobody is. */
  #nextTurn(): void {
    this.#isTurning = true
    setImmediate(() => {
      this.#turn++
      this.#isTurning = false
      this.#makeRoom()
      if (this.#turn < this.#newest + YOUNG_TURNS) this.#nextTurn()
    })
  }

  #makeRoom(): void {
    while (this.strangers > MOST_STRANGERS && this.#closeOldest('stranger'));
    while (this.#all.size > this.most && CLOSABLE.some(standing => this.#closeOldest(standing)));
  }

  /** Whether there was one that has had its turn. */
  #closeOldest(standing: (typeof CLOSABLE)[number]): boolean {
    const [oldest] = this.#closable[standing]
    if (oldest === undefined || this.#turn < oldest.turn + YOUNG_TURNS) return false
    this.closed[standing]++
    this.#gone(oldest)
    oldest.socket.destroy()
    return true
  }

  #closeLate(): void {
    const before = performance.now() - STRANGER_MS
    for (const { socket, since } of this.#closable.stranger) if (since < before) socket.destroy()
  }

  #move(connection: Connection, to: Standing): void {
    const { standing } = connection
    if (standing !== 'kept') this.#closable[standing].delete(connection)
    connection.standing = to
    connection.turn = this.#turn
    if (to !== 'kept') this.#closable[to].add(connection)
  }

  #gone(connection: Connection): void {
    const { socket, standing } = connection
    this.#all.delete(socket)
    if (standing !== 'kept') this.#closable[standing].delete(connection)
  }
}

/** What came in one piece with the last request is not made requests of: thousands fit into one, and all would be, at once. */
function cutOff(socket: Socket & { parser?: { onIncoming?: unknown } | null }): void {
  if (socket.parser?.onIncoming !== undefined) socket.parser.onIncoming = () => 0
  socket.destroy()
}

/** Before authentication: whoever comes is a stranger. */
export function registerConnections(app: FastifyInstance, connections: Connections): void {
  connections.watch(app.server as Server)
  app.decorate('connections', connections)
  app.addHook('onRequest', (request, _, done) => {
    connections.begin(request.raw.socket)
    done()
  })
  app.addHook('preHandler', (request, _, done) => {
    // cut off, it would be in doubt whether it was done
    if (request.routeOptions.config.flips !== undefined) connections.keep(request.raw.socket)
    done()
  })
  app.addHook('onSend', (request, reply, _, done) => {
    // a client that believes a longer time sends its next request into a connection that closes
    if (connections.isStranger(request.raw.socket)) reply.header('keep-alive', STRANGER_KEEPS)
    done()
  })
  app.addHook('onResponse', (request, _, done) => {
    connections.end(request.raw.socket)
    done()
  })
  app.addHook('preClose', async () => connections.close())
}

/** After authentication. */
export function registerAcquaintance(app: FastifyInstance, connections: Connections): void {
  app.addHook('onRequest', (request, _, done) => {
    if (request.actor !== undefined) connections.know(request.raw.socket)
    done()
  })
}

/** For a stream that `OpenStreams` has admitted: it counts those there are. */
export const keepOpen = ({ server, request }: FastifyReply): void =>
  server.connections.keep(request.raw.socket)

/** An answer that waits for something to happen may be cut off for a kill. */
export const waitsOn = ({ server, request }: FastifyReply): void =>
  server.connections.wait(request.raw.socket)
