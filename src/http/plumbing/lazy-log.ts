// A request's own logger, made at its first line: most evaluations log nothing, and making one costs a fifth of answering.

import type { FastifyBaseLogger } from 'fastify'

type Bindings = Parameters<FastifyBaseLogger['child']>[0]
type Options = Parameters<FastifyBaseLogger['child']>[1]

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

class LazyLog {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: Options
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options: Options) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get made(): FastifyBaseLogger {
    // without the route's level: it would let through what the service's own level holds back
    const { level: _, ...options } = this.#options ?? {}
    this.#made ??= this.#parent.child(this.#bindings, options)
    return this.#made
  }

  get level(): string {
    return this.made.level
  }

  child(bindings: Bindings, options: Options): FastifyBaseLogger {
    return this.made.child(bindings, options)
  }
}

for (const level of LEVELS) {
  Object.defineProperty(LazyLog.prototype, level, {
    value(this: LazyLog, ...line: [object, string]) {
      this.made[level](...line)
    },
  })
}

/** For `setChildLoggerFactory`. */
export const lazyLog = (parent: FastifyBaseLogger, bindings: Bindings, options: Options): FastifyBaseLogger =>
  new LazyLog(parent, bindings, options) as unknown as FastifyBaseLogger
