// A kill switch as one writes it in an afternoon, on purpose: the client library's default options, no journal, keys
// that are remembered in the process. What the harness must find fault with; see naive.test.ts. Speaks just enough of the API.

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

/** One act in Redis, as the documentation of any client library shows it. */
const FLIP = `
  local seq = redis.call('INCR', 'seq')
  local hold = redis.call('HGET', KEYS[1], ARGV[2]) or ''
  if ARGV[1] == 'kill' then redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) else redis.call('HDEL', KEYS[1], ARGV[2]) end
  local line = string.gsub(string.gsub(ARGV[4], '@SEQ', seq), '@HOLD', hold)
  redis.call('XADD', '${LOG}', '*', 'line', line)
  return seq`

/** What each key led to, for as long as the process lives. */
const answered = new Map<string, number>()

async function flip(action: string, flag: string, key: string, incident: string): Promise<object> {
  const known = answered.get(key)
  if (known !== undefined) return { id: known, outcome: 'applied', durability: 'store', replayed: true }
  const actor = action === 'kill' ? 'operator' : 'engineer'
  const hold = holdOf(actor, key, flag)
  const changed = action === 'kill' ? { hold } : { released: ['@HOLD'] }
  const line = JSON.stringify({
    ...{ v: 1, epoch: 0, seq: '@SEQ', at: new Date().toISOString(), action, outcome: 'applied' },
    ...{ actor: { id: actor }, flag, incident, request: { id: key, key, digest: '' }, prev: '', ...changed },
  }).replace('"@SEQ"', '@SEQ')
  const seq = Number(await redis.eval(FLIP, 1, `holds:${flag}`, action, incident, hold, line))
  answered.set(key, seq)
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
  if (second === 'flips') return { state: answered.has(name) ? 'applied' : 'never' }
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
