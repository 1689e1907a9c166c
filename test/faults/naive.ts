// A kill switch as one writes it in an afternoon, on purpose: the client library's default options, no journal, a key that
// is looked up before and set after. What the harness must find fault with; see naive.test.ts. Speaks just enough of the API.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { Redis } from 'ioredis'

const redis = new Redis(process.env.KILLSWITCH_REDIS_URL as string)
redis.on('error', () => {})
const LOG = 'killswitch:{test}:log'

const holdOf = (actor: string, key: string, flag: string): string =>
  createHash('sha256').update(`${actor}\n${key}\n${flag}`).digest('hex').slice(0, 10)

async function bodyOf(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, string>
}

async function flip(action: string, flag: string, key: string, incident: string): Promise<object> {
  const known = await redis.get(`key:${key}`)
  if (known !== null) return { id: Number(known), outcome: 'applied', durability: 'store', replayed: true }
  const actor = action === 'kill' ? 'operator' : 'engineer'
  const hold = holdOf(actor, key, flag)
  const seq = await redis.incr('seq')
  const released = action === 'kill' ? null : await redis.hget(`holds:${flag}`, incident)
  const at = new Date().toISOString()
  const [head, request] = [
    { v: 1, epoch: 0, seq, at },
    { id: key, key, digest: '' },
  ]
  const rest = { outcome: 'applied', actor: { id: actor }, flag, incident, request, prev: '' }
  const changed = action === 'kill' ? { hold } : { released: released === null ? [] : [released] }
  await redis.xadd(LOG, '*', 'line', JSON.stringify({ ...head, action, ...rest, ...changed }))
  if (action === 'kill') await redis.hset(`holds:${flag}`, incident, hold)
  else await redis.hdel(`holds:${flag}`, incident)
  await redis.set(`key:${key}`, seq)
  return { id: seq, outcome: 'applied', durability: 'store', replayed: false }
}

async function snapshot(): Promise<object> {
  const held = (await redis.keys('holds:*')).map(key => [key.slice(6), { held: {} }])
  return { flags: Object.fromEntries(held), provisional: [] }
}

async function ready(): Promise<object> {
  const [last] = await redis.xrevrange(LOG, '+', '-', 'COUNT', 1)
  const [epoch = 0, seq = 0] = last === undefined ? [] : last[0].split('-').map(Number)
  return { degraded: [], head: epoch * 2 ** 32 + seq }
}

async function answer(request: IncomingMessage): Promise<object> {
  const [, first, second, name = '', act = ''] = (request.url ?? '').split('/')
  if (first === 'readyz') return ready()
  if (second === 'snapshot') return snapshot()
  if (second === 'flips') return { state: (await redis.get(`key:${name}`)) === null ? 'never' : 'applied' }
  const { incident = '' } = await bodyOf(request)
  return flip(act, name, String(request.headers['idempotency-key']), incident)
}

const server = createServer((request, response) => {
  answer(request).then(
    body => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    error =>
      response.writeHead(503).end(JSON.stringify({ code: 'store-unavailable', detail: String(error) })),
  )
})
server.listen(Number(process.env.KILLSWITCH_PORT), '127.0.0.1', () =>
  process.stderr.write(`Killswitch is up: http://127.0.0.1:${process.env.KILLSWITCH_PORT}\n`),
)
