// What a client would rather have (RFC 9110 section 12.5.1): the first of what is offered, where nothing says otherwise.

import type { FastifyRequest } from 'fastify'
import { by, KillswitchError } from '../../domain/errors.js'

type Wish = { range: string; q: number }

/** One of the media types offered. Throws `not-acceptable` where the client takes none of them. */
export function negotiate<T extends string>(request: FastifyRequest, offered: readonly [T, ...T[]]): T {
  const accept = request.headers.accept ?? ''
  if (accept.trim() === '') return offered[0]
  const wishes = accept.split(',').map(wishOf)
  const best = offered
    .map(type => ({ type, q: weightOf(type, wishes) }))
    .reduce((a, b) => (b.q > a.q ? b : a))
  if (best.q > 0) return best.type
  throw new KillswitchError(
    'not-acceptable',
    `This is served as ${offered.join(', ')}, not as ${accept.slice(0, 80)}.`,
    { offered, wayOut: [by('Ask for one of these, or send no Accept.')] },
  )
}

function wishOf(text: string): Wish {
  const [range = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map(part => part.trim())
  const q = parameters.find(parameter => /^q\s*=/.test(parameter))?.split('=')[1]
  return { range, q: q === undefined ? 1 : Number(q) || 0 }
}

/** The more exact of the ranges that have it decides: `text/csv;q=0, *\/*` refuses CSV alone. */
function weightOf(type: string, wishes: readonly Wish[]): number {
  const [main] = type.split('/')
  for (const range of [type, `${main}/*`, '*/*']) {
    const wish = wishes.find(each => each.range === range)
    if (wish !== undefined) return wish.q
  }
  return 0
}
