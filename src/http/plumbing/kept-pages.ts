// What strangers may read of the documentation is made once, and kept in memory: whoever asks for it many times, and reads
// none of it, costs neither computing time, nor memory, nor a file that is open.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyReply, RouteOptions } from 'fastify'
import type { App } from '../parts.js'

const FILES = '/docs/static/'
const JSON_TYPE = 'application/json; charset=utf-8'
const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': JSON_TYPE,
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}

type Page = { type: string; bytes: Buffer }

export class KeptPages {
  readonly #kept = new Map<string, Page>()
  readonly #makers: Map<string, () => Page>

  constructor(app: App) {
    const made = (type: string, text: () => string) => () => ({ type, bytes: Buffer.from(text()) })
    this.#makers = new Map([
      ['/docs/json', made(JSON_TYPE, () => JSON.stringify(app.swagger()))],
      ['/docs/yaml', made('application/yaml; charset=utf-8', () => app.swagger({ yaml: true }))],
      ...files(),
    ])
  }

  /** Where the route of the page's library gives what is kept, it is given from here. */
  serve(route: RouteOptions): void {
    const { url } = route
    const isFiles = url.startsWith(`${FILES}*`)
    if (!isFiles && !this.#makers.has(url)) return
    route.handler = (request, reply) => {
      const { '*': name } = request.params as { '*'?: string }
      this.send(reply, isFiles ? `${FILES}${name}` : url)
    }
  }

  send(reply: FastifyReply, path: string): void {
    const page = this.#page(path)
    if (page === undefined) reply.callNotFound()
    else reply.type(page.type).send(page.bytes)
  }

  #page(path: string): Page | undefined {
    const page = this.#kept.get(path) ?? this.#makers.get(path)?.()
    if (page !== undefined) this.#kept.set(path, page)
    return page
  }
}

/** Those of @fastify/swagger-ui. */
function files(): [string, () => Page][] {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('@fastify/swagger-ui'))), 'static')
  return readdirSync(folder).map(name => [
    `${FILES}${name}`,
    () => ({
      type: TYPES[extname(name)] ?? 'application/octet-stream',
      bytes: readFileSync(join(folder, name)),
    }),
  ])
}
