// The composition root, as a table of contents: builds every part, knows everybody, starts them in order and stops them in
// the reverse one. main.ts is the process around it; tests build it without one.

import type { FastifyBaseLogger } from 'fastify'
import { loadCatalogue } from './catalogue/load.js'
import { logKey, sayCheckpoints } from './checkpointing.js'
import type { Config } from './config.js'
import { Credentials } from './credentials.js'
import type { Clock } from './domain/clock.js'
import type { KillswitchError } from './domain/errors.js'
import { sayEntries } from './entry-log.js'
import { buildApp } from './http/app.js'
import { Load } from './http/load.js'
import { Metrics } from './http/metrics.js'
import { mostStreams, OpenStreams } from './http/open-streams.js'
import type { App, Parts } from './http/parts.js'
import { markServed } from './http/served.js'
import { openLog } from './log/open-log.js'
import { openFilesLimit } from './open-files.js'
import { publishCatalogue } from './publish-catalogue.js'
import { Audit } from './service/audit.js'
import { Catalogue } from './service/catalogue.js'
import { Confirmations } from './service/confirmations.js'
import { Fleet } from './service/fleet.js'
import { Flips } from './service/flips.js'
import { Health } from './service/health.js'
import { Incidents } from './service/incidents.js'
import { Refusals } from './service/refusals.js'
import { Runbooks } from './service/runbooks.js'
import { Served } from './service/served.js'
import { Snapshots } from './service/snapshots.js'
import { Submissions } from './service/submissions.js'
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

/** Throws what `openLog` throws, and `configuration` on a first start without a catalogue or tokens that can be used. */
export async function startServer(
  config: Config,
  logger: FastifyBaseLogger,
  clock: Clock = Date.now,
): Promise<Server> {
  const closers: (() => unknown)[] = []
  try {
    return await serve(config, logger, clock, closers)
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}

async function serve(
  config: Config,
  logger: FastifyBaseLogger,
  clock: Clock,
  closers: (() => unknown)[],
): Promise<Server> {
  const { environment, flagsDir, runbooksDir } = config
  const onFault = (error: unknown) => logger.error({ err: error }, 'a background task failed')

  const folder = config.dataDir
  const { redisUrl } = config
  const opened = await openLog({ folder, environment, redisUrl, key: () => logKey(config), clock, logger })
  closers.push(() => opened.close())
  const { submit, subscribe, state: log } = opened

  const catalogue = new Catalogue({ log, submit, load: () => loadCatalogue({ flagsDir, runbooksDir }) })
  const health = new Health({ log, catalogue })
  const credentials = await Credentials.open(config, health, logger)
  const tokens = () => credentials.tokens
  const runbooks = new Runbooks(log, subscribe, [environment, ...config.environmentAliases], onFault)
  const refusals = new Refusals(submit, clock)
  const submissions = new Submissions({ submit, refusals, clock })
  const flips = new Flips({ log, runbooks, submissions })
  const audit = new Audit(log, subscribe)
  const incidents = new Incidents({ log, submissions, runbooks, audit, clock })
  const served = new Served(clock)
  const fleet = new Fleet({ submit, subscribe, clock, served })
  const confirmations = new Confirmations({ log, submit, subscribe, fleet, clock })

  const metrics = new Metrics({ log, health, environment })
  const streams = new OpenStreams({ tokens, clock, most: mostStreams(openFilesLimit()) })
  const load = new Load()
  metrics.watch({ streams, load, subscribe })
  health.watch({ runbooks, streams, load })
  subscribe.entries(entries => sayEntries(entries, logger))
  fleet.onFork = ({ app, instance, fork }) =>
    logger.error({ code: 'fork', app, instance }, `${app} ${instance} has seen the log fork: ${fork}`)

  const parts: Parts = {
    ...{ environment, clock, log, subscribe, submissions, flips, incidents, runbooks, audit, fleet },
    ...{ health, metrics, tokens, streams, load },
    snapshots: new Snapshots(log, environment),
    served: markServed(served, log),
    assertKnown: () => health.assertKnown(),
  }
  opened.start()
  fleet.start()
  closers.push(
    () => load.close(),
    () => streams.close(),
    () => refusals.close(),
    () => confirmations.close(),
    () => fleet.close(),
  )
  const app = await buildApp(parts, logger)
  const publish = () => publishCatalogue(catalogue, log, logger)
  await log.toEnd().catch(() => {})
  // what is known is served at once, and files that were changed meanwhile come in as with a reload
  const { hasKnownState } = health
  if (!hasKnownState) await publish()
  closers.push(() => app.close())
  const address = await app.listen({ host: config.host, port: config.port, backlog: BACKLOG })
  if (hasKnownState) await publish()
  closers.push(sayCheckpoints(log, config, logger))

  const reloadTokens = () => credentials.reload()
  const reload = async () => {
    await catalogue.reload().then(
      done => logger.info(`catalogue reload: ${done}`),
      error => logger.error({ code: (error as KillswitchError).code }, (error as Error).message),
    )
    await reloadTokens()
  }
  const { firstStart } = credentials
  return { app, address, parts, firstStart, reload, reloadTokens, close: () => closeAll(closers) }
}

/** All of them, even where one fails: the log, with its lock on the folder, is the last. Throws the first failure. */
async function closeAll(closers: (() => unknown)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers.splice(0).reverse())
    await Promise.resolve()
      .then(close)
      .catch(error => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
