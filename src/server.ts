// The composition root: builds every part, knows everybody, starts them in order and stops them in the reverse one.
// main.ts is the process around it; tests build it without one.

import type { FastifyBaseLogger } from 'fastify'
import { loadCatalogue } from './catalogue/load.js'
import { openCheckpoints, sayCheckpoints } from './checkpointing.js'
import type { Config } from './config.js'
import { Credentials } from './credentials.js'
import type { SealedEntry } from './domain/audit.js'
import type { Clock } from './domain/clock.js'
import { KillswitchError } from './domain/errors.js'
import type { ProvisionalKill } from './domain/provisional.js'
import { buildApp } from './http/app.js'
import { Load } from './http/load.js'
import { Metrics } from './http/metrics.js'
import { mostStreams, OpenStreams } from './http/open-streams.js'
import type { App, Parts } from './http/parts.js'
import { markServed } from './http/served.js'
import { Log } from './log/follow/known-log.js'
import { Tail } from './log/follow/tail.js'
import { Gate } from './log/gate/gate.js'
import { EntryIndex } from './log/index/entry-index.js'
import { Journal } from './log/journal/journal.js'
import { Tree } from './log/proof/tree.js'
import { Provisional } from './log/provisional/provisional.js'
import { ProvisionalFile } from './log/provisional/provisional-file.js'
import { Branches } from './log/recovery/branches.js'
import { Recovery } from './log/recovery/recovery.js'
import type { Store } from './log/stores/store.js'
import { openFilesLimit } from './open-files.js'
import { assertEnvironment, checkPosture, openStore } from './open-store.js'
import { followToEnd, publishCatalogue } from './publish-catalogue.js'
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

/** Room for a thousand kills and more on a disk that is full. */
const RESERVE_BYTES = 1024 * 1024

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

export async function startServer(
  config: Config,
  logger: FastifyBaseLogger,
  clock: Clock = Date.now,
): Promise<Server> {
  const say = (message: string, fields: object = {}) => logger.info(fields, message)
  const closers: (() => Promise<unknown>)[] = []
  try {
    const journal = await Journal.open({ folder: config.dataDir, reserveBytes: RESERVE_BYTES, log: say })
    closers.push(() => journal.close())
    const log = await Log.open(journal, error =>
      logger.error({ err: error }, 'a listener to the log failed; the log goes on'),
    )
    closers.push(() => log.close())
    await assertEnvironment(journal, config.environment)
    const index = await EntryIndex.open(journal, say)
    closers.push(() => index.close())
    const tree = await Tree.open(journal, say)
    closers.push(() => tree.close())
    const store = await openStore(config, journal, logger)
    closers.push(() => store.close())
    return await serve(config, logger, clock, { log, index, tree, store }, closers)
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}

type Opened = { log: Log; index: EntryIndex; tree: Tree; store: Store }

async function serve(
  config: Config,
  logger: FastifyBaseLogger,
  clock: Clock,
  { log, index, tree, store }: Opened,
  closers: (() => Promise<unknown>)[],
): Promise<Server> {
  const { environment } = config
  const onFault = (error: unknown) => logger.error({ err: error }, 'a background task failed')
  const gate = new Gate({ log, store, environment, clock, random: Math.random })
  const file = new ProvisionalFile<ProvisionalKill>(config.dataDir, log.journal.reserve)
  const provisional = await Provisional.open({ file, log, gate, environment, clock, onFault })
  const branches = await Branches.open({ log, gate, provisional, onFault })
  const recovery = new Recovery({
    log,
    store,
    gate,
    provisional,
    branches,
    events: {
      onFault,
      onBranchLeft: () => index.restart('the journal has left an abandoned branch'),
      onRecovered: (message, fields) => logger.warn(fields, message),
    },
  })
  const tail = new Tail(log, store, {
    onAlive: () => {
      void log.journal.reserve.keep()
      gate.storeAnswers()
      provisional.merge()
      branches.tell()
      gate.settleUnknown()
    },
    onBare: () => recovery.rebuildState(),
    onLost: (why, isNew) => {
      const rest = 'It is being put right; the last known state is served, and kills are taken provisionally.'
      if (isNew) logger.error({ code: 'history-lost' }, `${why} ${rest}`)
      recovery.start(why)
    },
    onFault,
  })
  const { flagsDir, runbooksDir } = config
  const catalogue = new Catalogue({ log, gate, load: () => loadCatalogue({ flagsDir, runbooksDir }) })
  const health = new Health({ log, store, tail, catalogue })
  const metrics = new Metrics({ log, health, environment })
  gate.onLost = why => tail.markLost(why)
  gate.onCommitted = entries => metrics.committed(entries)
  log.subscribe(entries => record(entries, logger, log))
  const runbooks = new Runbooks(log, [environment, ...config.environmentAliases], onFault)
  health.unreadRunbooks = () => runbooks.unread
  const refusals = new Refusals(gate, clock)
  const submissions = new Submissions({ log, gate, refusals, provisional })
  const flips = new Flips({ log, gate, runbooks, submissions, provisional })
  const audit = new Audit(log, index)
  const incidents = new Incidents({ log, submissions, runbooks, audit, clock })
  const served = new Served(clock)
  const fleet = new Fleet({ store, clock, served })
  fleet.onFork = ({ app, instance, fork }) =>
    logger.error({ code: 'fork', app, instance }, `${app} ${instance} has seen the log fork: ${fork}`)
  const checkpoints = await openCheckpoints(config, { log, tree, health })
  const confirmations = new Confirmations({ log, gate, fleet, clock })
  const credentials = await Credentials.open(config, health, logger)
  const tokens = () => credentials.tokens
  const streams = new OpenStreams({ tokens, clock, most: mostStreams(openFilesLimit()) })
  closers.push(async () => streams.close())
  const load = new Load()
  closers.push(async () => load.close())
  metrics.watchStreams(streams)
  metrics.watchLoad(load)
  health.watch(() => streams.condition)
  health.watch(() => load.condition)
  const parts: Parts = {
    environment,
    clock,
    log,
    submissions,
    flips,
    incidents,
    runbooks,
    audit,
    checkpoints,
    fleet,
    snapshots: new Snapshots(log, environment),
    health,
    metrics,
    tokens,
    streams,
    load,
    served: markServed(served, log),
    assertKnown: () => assertKnown(health),
  }

  await checkPosture(store, health, logger, clock)
  tail.start()
  fleet.start()
  closers.push(() => tail.close())
  closers.push(() => fleet.close())
  closers.push(async () => {
    confirmations.close()
    await refusals.close()
    await recovery.close()
    await branches.close()
    await provisional.close()
    await gate.close()
  })
  const app = await buildApp(parts, logger)
  const publish = () => publishCatalogue(catalogue, { log, store, tail, logger })
  await followToEnd(log, store).catch(() => {})
  // what is known is served at once, and files that were changed meanwhile come in as with a reload
  const { hasKnownState } = health
  if (!hasKnownState) await publish()
  closers.push(() => app.close())
  const address = await app.listen({ host: config.host, port: config.port, backlog: BACKLOG })
  if (hasKnownState) await publish()
  const silence = sayCheckpoints(checkpoints, config, logger)
  closers.push(async () => silence())
  const reload = async () => {
    await catalogue.reload().then(
      done => logger.info(`catalogue reload: ${done}`),
      error => logger.error({ code: (error as KillswitchError).code }, (error as Error).message),
    )
    await credentials.reload()
  }
  const { firstStart } = credentials
  const reloadTokens = () => credentials.reload()
  return { app, address, parts, firstStart, reload, reloadTokens, close: () => closeAll(closers) }
}

/** Every entry is one log line of its own, and now and then the state is kept beside the journal. */
function record(entries: readonly SealedEntry[], logger: FastifyBaseLogger, log: Log): void {
  for (const { entry } of entries) {
    const { catalogue, ...rest } = entry
    logger.info(
      { entry: catalogue ? { ...rest, catalogue: { digest: catalogue.digest } } : rest },
      `${entry.action} ${entry.flag ?? ''} ${entry.outcome}`.replace('  ', ' '),
    )
  }
  void log
    .checkpoint()
    .catch(error =>
      logger.warn(
        { err: error },
        'the checkpoint could not be written; the next start folds the whole journal',
      ),
    )
}

function assertKnown(health: Health): void {
  if (health.hasKnownState) return
  throw new KillswitchError(
    'no-known-state',
    'This instance has not seen the log yet: the store was away when it started, and its journal is empty. Ask another instance, or try again when the store is back.',
  )
}

/** All of them, even where one fails: the journal's lock is the last. Throws the first failure. */
async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers.splice(0).reverse()) await close().catch(error => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
