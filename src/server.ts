// The composition root: builds every part, knows everybody, starts them in order and stops them in the reverse one.
// main.ts is the process around it; tests build it without one.

import type { FastifyBaseLogger } from 'fastify'
import { loadCatalogue } from './catalogue/load.js'
import type { Config } from './config.js'
import type { SealedEntry } from './domain/audit.js'
import type { Clock } from './domain/clock.js'
import { KillswitchError } from './domain/errors.js'
import type { ProvisionalKill } from './domain/provisional.js'
import type { State } from './domain/state.js'
import type { Store } from './domain/store.js'
import { buildApp } from './http/app.js'
import { Metrics } from './http/metrics.js'
import type { App, Parts } from './http/parts.js'
import { markServed } from './http/served.js'
import { EntryIndex } from './journal/entry-index.js'
import { Journal } from './journal/journal.js'
import { ProvisionalFile } from './journal/provisional-file.js'
import { Audit } from './service/audit.js'
import { Catalogue } from './service/catalogue.js'
import { Confirmations } from './service/confirmations.js'
import { Fleet } from './service/fleet.js'
import { Flips } from './service/flips.js'
import { Gate } from './service/gate.js'
import { Health } from './service/health.js'
import { Incidents } from './service/incidents.js'
import { Log } from './service/log.js'
import { Provisional } from './service/provisional.js'
import { Recovery } from './service/recovery.js'
import { Refusals } from './service/refusals.js'
import { Runbooks } from './service/runbooks.js'
import { Served } from './service/served.js'
import { Snapshots } from './service/snapshots.js'
import { Submissions } from './service/submissions.js'
import { Tail } from './service/tail.js'
import { LocalStore } from './store/local/store.js'
import { refuseUnsafe } from './store/redis/posture.js'
import { RedisStore } from './store/redis/store.js'
import { ensureTokens, type FirstStart } from './tokens/first-start.js'
import { Tokens } from './tokens/tokens.js'

/** How long a start waits for the store before it goes on with what the journal knows. */
const STORE_PATIENCE_MS = 3_000

export type Server = {
  app: App
  /** `http://127.0.0.1:8080`, once listening. */
  address: string
  parts: Parts
  firstStart: FirstStart | undefined
  /** Reads catalogue and tokens again; a faulty one is refused and the one in force stays. Never throws. */
  reload: () => Promise<void>
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
    const journal = await Journal.open({ folder: config.dataDir, log: say })
    const log = await Log.open(journal, error =>
      logger.error({ err: error }, 'a listener to the log failed; the log goes on'),
    )
    closers.push(() => log.close())
    await assertEnvironment(journal, config.environment)
    const index = await EntryIndex.open(journal, say)
    closers.push(() => index.close())
    const store = await openStore(config, journal, logger)
    closers.push(() => store.close())
    return await serve(config, logger, clock, { log, index, store }, closers)
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}

type Opened = { log: Log; index: EntryIndex; store: Store }

async function serve(
  config: Config,
  logger: FastifyBaseLogger,
  clock: Clock,
  { log, index, store }: Opened,
  closers: (() => Promise<unknown>)[],
): Promise<Server> {
  const { environment } = config
  const onFault = (error: unknown) => logger.error({ err: error }, 'a background task failed')
  const gate = new Gate({ log, store, environment, clock })
  const file = new ProvisionalFile<ProvisionalKill>(config.dataDir)
  const provisional = await Provisional.open({ file, log, gate, environment, clock, onFault })
  const recovery = new Recovery({
    log,
    store,
    gate,
    provisional,
    events: {
      onFault,
      onBranchLeft: () => index.restart('the journal has left an abandoned branch'),
      onRecovered: (message, fields) => logger.warn(fields, message),
    },
  })
  const tail = new Tail(log, store, {
    onAlive: () => {
      gate.storeAnswers()
      provisional.merge()
      gate.settleUnknown()
    },
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
  const runbooks = new Runbooks(log, onFault)
  const refusals = new Refusals(gate, clock)
  const submissions = new Submissions({ log, gate, refusals, provisional })
  const flips = new Flips({ log, gate, runbooks, submissions, provisional })
  const audit = new Audit(log, index)
  const incidents = new Incidents({ log, submissions, runbooks, audit, clock })
  const served = new Served(clock)
  const fleet = new Fleet({ store, clock, served })
  const confirmations = new Confirmations({ log, gate, fleet, clock })
  const credentials = await openTokens(config)
  let tokens = credentials.tokens
  const parts: Parts = {
    environment,
    clock,
    log,
    submissions,
    flips,
    incidents,
    runbooks,
    audit,
    fleet,
    snapshots: new Snapshots(log, environment),
    health,
    metrics,
    tokens: () => tokens,
    served: markServed(served, log),
    assertKnown: () => assertKnown(health),
  }

  await posture(store, health, logger, clock)
  tail.start()
  fleet.start()
  closers.push(() => tail.close())
  closers.push(() => fleet.close())
  closers.push(async () => {
    confirmations.close()
    await refusals.close()
    await recovery.close()
    await provisional.close()
    await gate.close()
  })
  await publishCatalogue(catalogue, { log, store, tail, logger })
  await runbooks.ready()

  const app = await buildApp(parts, logger)
  closers.push(() => app.close())
  const address = await app.listen({ host: config.host, port: config.port })
  const reload = async () => {
    await catalogue.reload().then(
      done => logger.info(`catalogue reload: ${done}`),
      error => logger.error({ code: (error as KillswitchError).code }, (error as Error).message),
    )
    await openTokens(config).then(
      ({ tokens: fresh }) => {
        tokens = fresh
        health.tokensFault = undefined
      },
      error => {
        health.tokensFault = (error as Error).message
        logger.error(
          { code: 'configuration' },
          `${(error as Error).message} The tokens before it stay in force.`,
        )
      },
    )
  }
  return { app, address, parts, firstStart: credentials.firstStart, reload, close: () => closeAll(closers) }
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

async function openStore(config: Config, journal: Journal, logger: FastifyBaseLogger): Promise<Store> {
  if (config.redisUrl === undefined) return new LocalStore(journal)
  const store = new RedisStore({
    url: config.redisUrl,
    environment: config.environment,
    onEvent: event => logger.info({ redis: event }, 'redis connection'),
  })
  await store.whenReady(STORE_PATIENCE_MS).catch(error => logger.warn((error as Error).message))
  return store
}

/** What the store's set-up lacks is said once and stays on /readyz; what cannot hold a log refuses the start. */
async function posture(store: Store, health: Health, logger: FastifyBaseLogger, clock: Clock): Promise<void> {
  if (!(store instanceof RedisStore)) return
  const findings = await store.posture(clock).catch(error => {
    logger.warn(`The posture of Redis could not be checked: ${(error as Error).message}`)
    return []
  })
  refuseUnsafe(findings)
  const warnings = findings.filter(finding => finding.level === 'warning')
  for (const { check, seen, cure } of warnings) logger.warn({ check }, `${seen} ${cure}`)
  health.posture = warnings.map(({ check, seen, cure }) => ({
    code: `redis-${check}`,
    detail: `${seen} ${cure}`,
  }))
}

type Publishing = { log: Log; store: Store; tail: Tail; logger: FastifyBaseLogger }

/** Publishes the files once the log is known to its end. With the store away: goes on with what the journal knows. */
async function publishCatalogue(
  catalogue: Catalogue,
  { log, store, tail, logger }: Publishing,
): Promise<void> {
  const publish = async () => {
    await caughtUp(log, store)
    const done = await catalogue.publishAtStart()
    if (done === 'faulty')
      for (const fault of catalogue.faults) logger.error(`${fault.file}:${fault.line}: ${fault.message}`)
  }
  try {
    await publish()
  } catch (error) {
    if (error instanceof KillswitchError && error.code === 'configuration') throw error
    logger.warn(`The catalogue is not published yet: ${(error as Error).message}`)
    retryWhenLive(publish, tail, logger)
  }
}

function retryWhenLive(publish: () => Promise<void>, tail: Tail, logger: FastifyBaseLogger): void {
  const timer = setInterval(() => {
    if (!tail.isLive) return
    clearInterval(timer)
    publish().catch(error => {
      logger.warn(`The catalogue is not published yet: ${(error as Error).message}`)
      retryWhenLive(publish, tail, logger)
    })
  }, 500)
  timer.unref()
}

/** Resolves when this instance has followed the log to where it ended at the call. */
async function caughtUp(log: Log, store: Store): Promise<void> {
  const end = await store.head()
  if (log.head.seq >= end.seq && log.head.epoch >= end.epoch) return
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        done(new KillswitchError('store-unavailable', 'The log was not followed to its end within 30 s.')),
      30_000,
    )
    const unsubscribe = log.subscribe((_, { head }: State) => {
      if (head.seq >= end.seq && head.epoch >= end.epoch) done()
    })
    const done = (error?: Error) => {
      clearTimeout(timer)
      unsubscribe()
      if (error) reject(error)
      else resolve()
    }
  })
}

async function openTokens(config: Config): Promise<{ tokens: Tokens; firstStart: FirstStart | undefined }> {
  const firstStart = config.tokensFile === undefined ? await ensureTokens(config.dataDir) : undefined
  const tokens = await Tokens.read(config.tokensFile ?? (firstStart as FirstStart).file)
  if (config.breakGlassSha256 !== undefined) tokens.withBreakGlass(config.breakGlassSha256)
  return { tokens, firstStart }
}

function assertKnown(health: Health): void {
  if (health.hasKnownState) return
  throw new KillswitchError(
    'no-known-state',
    'This instance has not seen the log yet: the store was away when it started, and its journal is empty. Ask another instance, or try again when the store is back.',
  )
}

async function assertEnvironment(journal: Journal, environment: string): Promise<void> {
  const [first] = await journal.read(0, { limit: 1 })
  const found = first === undefined ? environment : (JSON.parse(first) as { environment: string }).environment
  if (found === environment) return
  throw new KillswitchError(
    'configuration',
    `The journal in ${journal.folder} is of environment "${found}", and KILLSWITCH_ENVIRONMENT is "${environment}": give each its own KILLSWITCH_DATA_DIR.`,
  )
}

/** All of them, even where one fails: the journal's lock is the last. Throws the first failure. */
async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers.splice(0).reverse()) await close().catch(error => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
