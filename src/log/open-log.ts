// Opens the log of an instance, and gives its three doors: what comes in (submit), what is told (subscribe), what is known
// (state). Nothing else of this room is known outside. The server, the importer and the tests all open it here.

import type { KeyObject } from 'node:crypto'
import type { Clock } from '../domain/clock.js'
import { Ending } from '../domain/ending.js'
import { by, KillswitchError } from '../domain/errors.js'
import type { Kill } from '../domain/kill.js'
import { Known } from './doors/known.js'
import { Taking } from './doors/taking.js'
import { Told } from './doors/told.js'
import { KnownLog } from './follow/known-log.js'
import { Tail } from './follow/tail.js'
import { Gate } from './gate/gate.js'
import { EntryIndex } from './index/entry-index.js'
import { AuditQueries } from './index/query.js'
import type { Disk } from './journal/disk.js'
import { Journal } from './journal/journal.js'
import { Checkpoints } from './proof/checkpoints.js'
import { Tree } from './proof/tree.js'
import { Provisional } from './provisional/provisional.js'
import { ProvisionalFile } from './provisional/provisional-file.js'
import { Branches } from './recovery/branches.js'
import { Recovery } from './recovery/recovery.js'
import type { LogState } from './state.js'
import { LocalStore } from './stores/local/store.js'
import type { ConnectionEvent } from './stores/redis/connection.js'
import { conditionsOf, refuseUnsafe } from './stores/redis/posture.js'
import { RedisStore } from './stores/redis/store.js'
import type { Store } from './stores/store.js'
import type { Submit } from './submit.js'
import type { Subscribe } from './subscribe.js'

export { parseTarget } from './stores/redis/target.js'

/** How long a start waits for the store before it goes on with what the journal knows. */
const STORE_PATIENCE_MS = 3_000
/** Room for a thousand kills and more on a disk that is full. */
const RESERVE_BYTES = 1024 * 1024

/** What the log says to the people who run it. */
interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type LogOptions = {
  /** Where this instance keeps the log on its own disk; no other process may have it open. */
  folder: string
  environment: string
  /** Where commits are decided; on this disk, if absent. */
  redisUrl?: string | undefined
  /** Signs checkpoints; asked once the folder is ours. Absent: nothing is signed. */
  key?: () => Promise<KeyObject | undefined>
  clock?: Clock
  logger?: Logger
  /** For tests: another disk, another store, numbers in [0, 1) that are not random, small segments. */
  disk?: Disk
  store?: (journal: Journal) => Store
  random?: () => number
  segmentBytes?: number
}

export type OpenLog = {
  submit: Submit
  subscribe: Subscribe
  state: LogState
  /** Begins to follow the store, and to bring into the log what an earlier run left beside it. */
  start(): void
  close(): Promise<void>
  /** The parts behind the doors, for the tests of this room. */
  parts: Engine
}

type Engine = { journal: Journal; log: KnownLog; store: Store; gate: Gate; provisional: Provisional }

const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * Throws `configuration` (a folder that another process has, or of another environment; an unsafe Redis; a key that cannot be
 * used) and `journal-broken` (a damaged journal). Where it throws, nothing stays open.
 */
export const openLog = (options: LogOptions): Promise<OpenLog> =>
  Ending.guard(ending => assemble(options, ending))

async function assemble(options: LogOptions, ending: Ending): Promise<OpenLog> {
  const { environment, clock = Date.now, logger = SILENT, random = Math.random } = options
  const onFault = (error: unknown) => logger.error({ err: error }, 'a background task failed')

  const { journal, log, index, tree } = await openDisk(options, logger, ending)
  const store = await openStore(options, journal, logger)
  ending.with(() => store.close())

  const gate = new Gate({ log, store, environment, clock, random })
  const file = new ProvisionalFile<Kill>(options.folder, journal.reserve, options.disk)
  const provisional = await Provisional.open({ file, log, gate, environment, clock, onFault })
  const branches = await Branches.open({ log, gate, provisional, onFault })
  const events = {
    onFault,
    onBranchLeft: () => index.restart('the journal has left an abandoned branch'),
    onRecovered: (message: string, fields: object) => logger.warn(fields, message),
  }
  const recovery = new Recovery({ log, store, gate, provisional, branches, events })
  const tail = new Tail(log, store, {
    onAlive: () => {
      void journal.reserve.keep()
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
  gate.onLost = why => tail.markLost(why)
  const told = new Told(log, store)
  gate.onCommitted = entries => told.tellCommitted(entries)
  log.subscribe(() => void keepState(log, logger))
  ending.with(async () => {
    await recovery.close()
    await branches.close()
    await provisional.close()
    await gate.close()
  })
  ending.with(() => tail.close())

  const key = await options.key?.()
  const isCurrent = () => tail.isLive && log.isJournaled
  const checkpoints = new Checkpoints({ log, tree, environment, key, isCurrent })
  const posture = await postureOf(store, logger, clock)
  const queries = new AuditQueries(journal, index)
  return {
    submit: new Taking({ log, gate, provisional, store }),
    subscribe: told,
    state: new Known({ log, store, gate, tail, provisional, queries, checkpoints, posture }),
    start: () => tail.start(),
    close: () => ending.close(),
    parts: { journal, log, store, gate, provisional },
  }
}

/** The journal, what is folded from it, and what is made of it beside it. */
async function openDisk(options: LogOptions, logger: Logger, ending: Ending) {
  const { folder, environment, disk, segmentBytes } = options
  const say = (message: string, fields: object = {}) => logger.info(fields, message)
  const journal = await Journal.open({
    folder,
    reserveBytes: RESERVE_BYTES,
    log: say,
    ...(disk === undefined ? {} : { disk }),
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  })
  ending.with(() => journal.close())
  await assertEnvironment(journal, environment)
  const log = await KnownLog.open(journal, error =>
    logger.error({ err: error }, 'a listener to the log failed; the log goes on'),
  )
  ending.with(() => log.close())
  const index = await EntryIndex.open(journal, say)
  ending.with(() => index.close())
  const tree = await Tree.open(journal, say)
  ending.with(() => tree.close())
  return { journal, log, index, tree }
}

async function openStore(
  { redisUrl, environment, store }: LogOptions,
  journal: Journal,
  logger: Logger,
): Promise<Store> {
  if (store !== undefined) return store(journal)
  if (redisUrl === undefined) return new LocalStore(journal)
  const onEvent = (event: ConnectionEvent) => logger.info({ redis: event }, 'redis connection')
  const redis = new RedisStore({ url: redisUrl, environment, onEvent })
  await redis.whenReady(STORE_PATIENCE_MS).catch(error => logger.warn({}, (error as Error).message))
  return redis
}

/** What the store's set-up lacks is said once and stays on /readyz; what cannot hold a log refuses the start. */
async function postureOf(store: Store, logger: Logger, clock: Clock) {
  if (!(store instanceof RedisStore)) return []
  const findings = await store.posture(clock).catch(error => {
    logger.warn({}, `The posture of Redis could not be checked: ${(error as Error).message}`)
    return []
  })
  refuseUnsafe(findings)
  const conditions = conditionsOf(findings)
  for (const { code, detail } of conditions) logger.warn({ check: code }, detail)
  return conditions
}

/** A journal belongs to one environment. Throws `configuration`. */
async function assertEnvironment(journal: Journal, environment: string): Promise<void> {
  const [first] = await journal.read(0, { limit: 1 })
  const found = first === undefined ? environment : (JSON.parse(first) as { environment: string }).environment
  if (found === environment) return
  throw new KillswitchError(
    'configuration',
    `The journal in ${journal.folder} is of environment "${found}", and KILLSWITCH_ENVIRONMENT is "${environment}".`,
    { wayOut: [by('Give each its own KILLSWITCH_DATA_DIR.')] },
  )
}

/** Now and then the state is kept beside the journal, so that a start folds only what came after. */
const keepState = (log: KnownLog, logger: Logger): Promise<void> =>
  log
    .checkpoint()
    .catch(error =>
      logger.warn(
        { err: error },
        'the checkpoint could not be written; the next start folds the whole journal',
      ),
    )
