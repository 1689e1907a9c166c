// A path that is there and a method that is not: 405 and what it takes (RFC 9110 section 15.5.6), instead of a 404 that
// sends somebody looking for a slip in the path.

import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that a path takes; none where there is no such path. */
    methodsOf: (path: string) => string[]
  }
}

/** Before the routes: it notes each as it is registered. */
export function registerMethods(app: FastifyInstance): void {
  const known: { pattern: RegExp; method: string }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = patternOf(url)
    if (pattern !== undefined) for (const each of [method].flat()) known.push({ pattern, method: each })
  })
  app.decorate('methodsOf', (path: string) => {
    const plain = path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
    return [...new Set(known.filter(({ pattern }) => pattern.test(plain)).map(({ method }) => method))].sort()
  })
}

/** `/v1/flags/:key/kill` as an expression; undefined for a wildcard, which is no path of ours. */
function patternOf(url: string): RegExp | undefined {
  if (url.includes('*')) return undefined
  const literal = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replace(/:\w+/g, '[^/]+')}$`)
}
