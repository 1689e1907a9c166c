// A small app service with two protected features: an AI endpoint (ai_v1) and a KYC upload (kyc_v1). It says in plain words
// what happens to it.
//   KILLSWITCH_URL=http://127.0.0.1:8080 KILLSWITCH_TOKEN=... PORT=3001 node sdk/examples/app.mjs
import { setTimeout as wait } from 'node:timers/promises'
import { KilledError, KillswitchProvider, killswitchGuard } from '@killswitch/openfeature-provider'
import { OpenFeature } from '@openfeature/server-sdk'
import Fastify from 'fastify'

const provider = new KillswitchProvider({ app: process.env.KILLSWITCH_APP ?? 'trustflow' })
const { killswitch } = provider
// it rejects where nothing is known of any flag: the app goes on with `whenUnknown` until the service answers
await OpenFeature.setProviderAndWait(provider).catch(error => console.error(error.message))

const say = text => console.log(`${killswitch.state.instance}  ${text}`)
const app = Fastify()
let answering = 0

/** Stands in for a model that takes its time; like any fetch, it stops when its signal aborts. */
async function askModel(question, signal) {
  const ms = Number(process.env.MODEL_MS ?? 5000)
  await wait(ms, undefined, { signal }).catch(error => {
    throw signal.aborted ? signal.reason : error
  })
  return `An answer to: ${question}`
}

app.post('/ai/answer', { onRequest: killswitchGuard('ai_v1').onRequest }, async (request, reply) => {
  answering++
  try {
    return { answer: await askModel(request.body?.question ?? '', killswitch.signal('ai_v1')) }
  } catch (error) {
    if (!(error instanceof KilledError)) throw error
    const problem = { type: 'about:blank', title: 'Service Unavailable', status: 503, code: 'killed' }
    const detail = 'The AI assistant was switched off while it was answering.'
    return reply
      .code(503)
      .header('content-type', 'application/problem+json')
      .header('retry-after', '30')
      .send(JSON.stringify({ ...problem, detail, flag: error.flag }))
  } finally {
    answering--
  }
})

app.register(async kyc => {
  kyc.register(killswitchGuard('kyc_v1', { message: 'Document uploads are paused. Please try again later.' }))
  kyc.post('/kyc/documents', async (_request, reply) => reply.code(201).send({ received: true }))
})

app.get('/state', async () => {
  const client = OpenFeature.getClient()
  return {
    ...killswitch.state,
    pid: process.pid,
    answering,
    provider: client.providerStatus,
    flags: {
      ai_v1: await client.getBooleanDetails('ai_v1', true),
      kyc_v1: await client.getBooleanDetails('kyc_v1', true),
    },
  }
})

/** What a kill and a restore of each flag mean here. */
const FEATURES = {
  ai_v1: {
    killed: () => `POST /ai/answer is refused with 503; answers stopped half-way: ${answering}`,
    restored: () => 'POST /ai/answer answers again',
  },
  kyc_v1: {
    killed: () => 'POST /kyc/documents is refused with 503',
    restored: () => 'POST /kyc/documents takes documents again',
  },
}
const words = key => `${key} is ${killswitch.isKilled(key) ? 'OFF' : 'on'}`

for (const [key, feature] of Object.entries(FEATURES)) {
  let was = killswitch.isKilled(key)
  killswitch.onChange(key, ({ killed, incident }) => {
    if (killed === was) return
    was = killed
    const why = incident === undefined ? '' : ` (${incident})`
    say(
      killed ? `${key} was KILLED${why}: ${feature.killed()}` : `${key} was RESTORED: ${feature.restored()}`,
    )
  })
}

async function close() {
  await OpenFeature.close()
  await app.close()
  say('said goodbye, and ends')
  process.exit(0)
}
process.once('SIGTERM', close)
process.once('SIGINT', close)

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0) })
const { port } = app.server.address()
const from = { service: 'the service', cache: 'its cache file', bootstrap: 'its bootstrap document' }
say(
  `runs as process ${process.pid} at http://127.0.0.1:${port}: ${Object.keys(FEATURES).map(words).join(', ')}, as known from ${from[killswitch.state.boot] ?? 'nobody yet'}`,
)
