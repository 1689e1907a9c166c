// Turns the routes' schemas into code, each when it is first needed: all of them together take longer than the rest of a
// start, and a service that was killed has to be back at once. What is left is done in the background, piece by piece.

import { setTimeout as delay } from 'node:timers/promises'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { SHAPES } from './shapes.js'

type Compiled = ((value: unknown) => unknown) & { errors?: unknown }
type Route = { schema: object; httpPart?: string; url?: string }
type Compile = (route: Route) => Compiled

export class Compilers {
  /** Those nobody has needed yet, in the order of the routes. */
  readonly #left = new Set<() => unknown>()
  #isClosed = false

  /** Bodies as they are: nothing coerced, nothing removed. Query and path are text, and are read as what they should be. */
  validator(): Compile {
    const asTheyAre = { removeAdditional: false, allErrors: true, verbose: true, strict: false } as const
    // the schemas are ours, and valid: test/http/openapi.test.ts; what tidies the code up takes as long as all the rest of it
    const given = { ...asTheyAre, validateSchema: false, meta: false, code: { optimize: false } } as const
    const body = new Ajv({ ...given, coerceTypes: false, useDefaults: false })
    const text = new Ajv({ ...given, coerceTypes: 'array', useDefaults: true })
    for (const ajv of [body, text]) {
      formats.default(ajv)
      for (const shape of SHAPES) ajv.addSchema(shape)
    }
    return this.#lazily(
      ({ schema, httpPart }) => (httpPart === 'body' ? body : text).compile(schema) as Compiled,
    )
  }

  /** Compiles the rest one by one, in a fifth of the time at most: the first kill after a start is not to wait for it. */
  async warm(): Promise<void> {
    for (const compile of this.#left) {
      if (this.#isClosed) return
      const startMs = performance.now()
      compile()
      await delay(4 * (performance.now() - startMs), undefined, { ref: false })
    }
  }

  close(): void {
    this.#isClosed = true
  }

  #lazily(compile: Compile): Compile {
    return route => {
      let compiled: Compiled | undefined
      const get = () => {
        this.#left.delete(get)
        compiled ??= compile(route)
        return compiled
      }
      // nobody is to wait for what a kill needs
      if (route.url?.endsWith('/kill')) get()
      else this.#left.add(get)
      const call: Compiled = value => {
        const own = get()
        const answer = own(value)
        // where Fastify looks for them
        call.errors = own.errors
        return answer
      }
      return call
    }
  }
}
