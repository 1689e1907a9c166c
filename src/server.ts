// The composition root, as a table of contents: builds every part, knows everybody, starts them in order and stops them in
// the reverse one. main.ts is the process around it; tests build it without one.

import { hostname } from 'node:os'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.js'
import type { Clock } from './domain/clock.js'
import { Ending } from './domain/ending.js'
import { buildApp } from './http/app.js'
import { mostStreams, OpenStreams } from './http/fleet/open-streams.js'
import { markServed } from './http/fleet/served.js'
import { Metrics } from './http/metrics.js'
import type { App, Parts } from './http/parts.js'
import { Connections, roomFor } from './http/plumbing/connections.js'
import { Load } from './http/plumbing/load.js'
import { openLog } from './log/open-log.js'
import { logKeys, sayCheckpoints } from './process/checkpointing.js'
import { Credentials } from './process/credentials.js'
import { filesCondition, openFilesLimit } from './process/open-files.js'
import { publishCatalogue, reloadCatalogue } from './process/publish-catalogue.js'
import { openServices } from './process/services.js'
import { sessionKeys } from './process/session-keys.js'
import { versionOf } from './process/version.js'
import { TellingCredentials } from './service/telling-credentials.js'
import type { FirstStart } from './tokens/first-start.js'

/** Connections that wait to be taken: when ten thousand apps come back at once, a kill is not to be among those dropped. */
const BACKLOG = 4_096

export type Server = {
  app: App
  /** `http://127.0.0.1:8080`, once listening. */
  address: string
  parts: Parts
  firstStart: FirstStart | undefined
  /** Reads catalogue and tokens again; a faulty one is refused and the one in force stays. Never throws. */
  reload: () => Promise<void>
  /** The tokens alone, which are looked at more often. Never throws. */
  reloadTokens: () => Promise<void>
  close: () => Promise<void>
}

/** `steady`: for tests, what counts running time. Throws what `openLog` throws, and `configuration` on a first start without a catalogue or tokens that can be used. */
export const startServer = (
  config: Config,
  logger: FastifyBaseLogger,
  clock: Clock = Date.now,
  steady?: Clock,
): Promise<Server> => Ending.guard(ending => serve(config, logger, { clock, steady }, ending))

async function serve(
  config: Config,
  logger: FastifyBaseLogger,
  time: { clock: Clock; steady: Clock | undefined },
  ending: Ending,
): Promise<Server> {
  const { environment, redisUrl, dataDir: folder, host, port, witnesses, trustedProxies = [] } = config
  const keysOfLog = () => logKeys(config)
  const options = { folder, environment, redisUrl, keys: keysOfLog, witnesses }
  const opened = await openLog({ ...options, ...time, logger })
  ending.with(() => opened.close())
  const { state: log, subscribe } = opened
  const { clock, own } = opened.times

  const keys = sessionKeys(opened.keys, () => tokens())
  const services = await openServices(opened, config, logger, ending, keys)
  const { catalogue, health, runbooks, served, fleetCondition: fleet } = services
  const credentials = await Credentials.open(config, health, logger)
  const tokens = () => credentials.tokens
  const name = `${hostname()}:${port}`
  const telling = new TellingCredentials({ log, submit: opened.submit, name, keys })
  ending.with(() => telling.close())
  catalogue.firstSays = () => (credentials.isRead ? { credentials: telling.first(tokens()) } : {})

  const metrics = new Metrics({ log, health, environment })
  const connections = new Connections(roomFor(openFilesLimit(), config.mostConnections))
  const streams = new OpenStreams({ tokens, clock: own, most: mostStreams(connections.most) })
  const load = new Load()
  ending.with(
    () => load.close(),
    () => streams.close(),
    () => connections.close(),
  )
  metrics.watch({ streams, connections, load, subscribe })
  health.watch({ runbooks, streams, load, fleet, files: filesCondition })

  const parts: Parts = {
    ...services,
    version: versionOf(),
    ...{ environment, trustedProxies, clock, tokenClock: own },
    ...{ log, subscribe, tokens, metrics, streams, connections, load },
    served: markServed(served, log),
    assertKnown: () => health.assertKnown(),
  }
  opened.start()
  services.start()
  const app = await buildApp(parts, logger)
  ending.with(() => app.close())

  const publish = () => publishCatalogue(catalogue, log, logger)
  await log.toEnd().catch(() => {})
  // what is known is served at once, and files that were changed meanwhile come in as with a reload
  const { hasKnownState } = health
  if (!hasKnownState) await publish()
  const address = await app.listen({ host, port, backlog: BACKLOG })
  if (hasKnownState) await publish()
  ending.with(sayCheckpoints(log, config, logger))
  credentials.onRead = tokens => telling.tell(tokens)
  if (credentials.isRead) telling.tell(tokens())

  const reloadTokens = () => credentials.reload()
  const reload = async () => {
    await reloadCatalogue(catalogue, logger)
    await reloadTokens()
  }
  const { firstStart } = credentials
  return { app, address, parts, firstStart, reload, reloadTokens, close: () => ending.close() }
}
