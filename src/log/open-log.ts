// Opens the log of an instance, and gives its three doors: what comes in (submit), what is told (subscribe), what is known
// (state). Nothing else of this room is known outside. The server, the importer and the tests all open it here.

import { randomUUID } from 'node:crypto'
import type { Clock, Times } from '../domain/clock.js'
import { Ending } from '../domain/ending.js'
import type { Kill } from '../domain/flip/kill.js'
import { placeOf, type SealedEntry } from '../domain/log/audit.js'
import type { Witnesses } from '../domain/log/cosignature.js'
import { LogKeys } from '../domain/log/log-keys.js'
import { Known } from './doors/known.js'
import { Taking } from './doors/taking.js'
import { Told } from './doors/told.js'
import { Hours } from './follow/hours.js'
import { KnownLog } from './follow/known-log.js'
import { Probe } from './follow/probe.js'
import { RunningTime } from './follow/running-time.js'
import { Tail } from './follow/tail.js'
import { Gate } from './gate/gate.js'
import { EntryIndex } from './index/entry-index.js'
import { AuditQueries } from './index/query.js'
import type { Disk } from './journal/disk.js'
import { assertEnvironment } from './journal/environment.js'
import { Journal } from './journal/journal.js'
import { Checkpoints } from './proof/checkpoints.js'
import { LastSigned } from './proof/last-signed.js'
import { Tree } from './proof/tree.js'
import { Provisional } from './provisional/provisional.js'
import { ProvisionalFile } from './provisional/provisional-file.js'
import { Branches } from './recovery/branches.js'
import { OwnDisk } from './recovery/own-disk.js'
import { Recovery } from './recovery/recovery.js'
import { type Patience, Takeover } from './recovery/takeover.js'
import { Evidence } from './signing/evidence.js'
import { Obedience } from './signing/obedience.js'
import type { LogState } from './state.js'
import { LocalStore } from './stores/local/store.js'
import { openRedis, postureOf } from './stores/redis/open.js'
import type { Store } from './stores/store.js'
import type { Submit } from './submit.js'
import type { Subscribe } from './subscribe.js'

export { parseTarget } from './stores/redis/target.js'

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
  /** They sign the log; asked for once the folder is ours. Absent: nothing is signed, and nothing verified. */
  keys?: () => Promise<LogKeys>
  /** Whose cosignatures of checkpoints are kept. */
  witnesses?: Witnesses | undefined
  clock?: Clock
  /** What counts running time; the machine's own, if absent. */
  steady?: Clock | undefined
  logger?: Logger
  /** For tests: another disk, another store, numbers in [0, 1) that are not random, small segments, less patience. */
  disk?: Disk
  store?: (journal: Journal) => Store
  random?: () => number
  segmentBytes?: number
  takeover?: Patience
}

export type OpenLog = {
  submit: Submit
  subscribe: Subscribe
  state: LogState
  times: Times
  /** Begins to follow the store, and to bring into the log what an earlier run left beside it. */
  start(): void
  close(): Promise<void>
  keys: LogKeys
  /** The parts behind the doors, for the tests of this room. */
  parts: Engine
}

type Engine = {
  journal: Journal
  log: KnownLog
  store: Store
  gate: Gate
  provisional: Provisional
  ownDisk: OwnDisk
}

const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * Throws `configuration`: a folder that another process has, or of another environment; an unsafe Redis; a key that cannot be
 * used. Where it throws, nothing stays open.
 */
export const openLog = (options: LogOptions): Promise<OpenLog> =>
  Ending.guard(ending => assemble(options, ending))

async function assemble(options: LogOptions, ending: Ending): Promise<OpenLog> {
  const { environment, logger = SILENT, random = Math.random } = options
  const onFault = (error: unknown) => logger.error({ err: error }, 'a background task failed')

  const { journal, log, index, tree, keys, evidence } = await openDisk(options, logger, ending)
  const own = options.clock ?? Date.now
  const hours = new Hours(own, log.time.now)
  const { now: clock } = hours
  const store = await openStore(options, journal, logger)
  ending.with(() => store.close())

  const gate = new Gate({ log, store, environment, clock, random, keys })
  const file = new ProvisionalFile<Kill>(options.folder, journal.reserve, options.disk)
  const provisional = await Provisional.open({ file, log, gate, environment, clock, onFault })
  if (log.damage !== undefined)
    await provisional.take(
      log.damage.kills.filter(({ actor, request }) => !provisional.find(actor.id, request.key)),
    )
  const branches = await Branches.open({ log, gate, provisional, onFault })
  const events = {
    onFault,
    onBranchLeft: () => index.restart('the journal has left an abandoned branch'),
    onRecovered: (message: string, fields: object) => logger.warn(fields, message),
    onFailed: (why: string) => {
      logger.error({ code: 'not-mended' }, `The store could not be put right: ${why}`)
      // the journal may be the reason
      void ownDisk.lookAtAll()
    },
  }
  const ownDisk = new OwnDisk(log, store, {
    onDamaged: problem => logger.error({ code: 'journal-damaged' }, `The journal was damaged: ${problem}.`),
    onMended: fields => {
      logger.warn(fields, 'the damaged journal was written anew from the store')
      index.restart('the journal was written anew')
    },
    onFilled: () => follow(),
    onFault,
  })
  gate.bar = () => ownDisk.bar
  ending.with(() => ownDisk.close())
  const recovery = new Recovery({ log, store, gate, provisional, branches, events })
  const tail = new Tail(log, store, {
    onAlive: isWhole => {
      if (isWhole) recovery.forgetFailure()
      void journal.reserve.keep()
      gate.storeAnswers()
      provisional.merge()
      branches.tell()
      gate.settleUnknown()
      if (!journal.reserve.isMissing) log.time.saveIfDue()
    },
    onTime: time => hours.told(time),
    onBare: () => recovery.rebuildState(),
    onLost: (why, isNew, isCut) => {
      const rest = 'The last known state is served, and kills are taken provisionally until it is put right.'
      if (isNew) logger.error({ code: 'history-lost' }, `${why} ${rest}`)
      recovery.start(why, isCut)
    },
    onFault,
  })
  gate.onLost = (why, isCut) => tail.markLost(why, isCut)
  log.onLost = why => tail.markLost(why)
  const probe = new Probe(log, store, {
    onLost: why => tail.markLost(why),
    onRefused: ({ detail, isAway }) =>
      logger.error({ code: isAway ? 'store-away' : 'store-refuses' }, `No flip can be committed: ${detail}`),
    onPasses: () => logger.info({}, 'The store takes commits again.'),
  })
  const told = new Told(log, store)
  gate.onCommitted = entries => told.tellCommitted(entries)
  log.subscribe(entries => hours.saw(entries))
  log.subscribe(entries => void keepState(log, logger, entries.some(isCatalogue)))
  ending.with(async () => {
    await recovery.close()
    await branches.close()
    await provisional.close()
    await gate.close()
  })
  ending.with(() => tail.close())
  ending.with(() => probe.close())

  const takeover = new Takeover({
    ...{ log, gate, store, keys, onFault },
    ...{ name: randomUUID(), patience: options.takeover },
  })
  ending.with(() => takeover.close())
  const follow = () => {
    tail.start()
    probe.start()
    takeover.start()
  }

  const isCurrent = () => tail.isLive && log.isJournaled
  const kept = await LastSigned.open(options.folder, options.disk)
  const signs = { keys, kept, clock, witnesses: options.witnesses }
  const onRefused = (why: string) => logger.error({ code: 'not-extended' }, why)
  const checkpoints = new Checkpoints({ log, tree, environment, isCurrent, onRefused, ...signs })
  const posture = await postureOf(store, logger)
  const queries = new AuditQueries(
    journal,
    index,
    () => log.head,
    async () => {
      await ownDisk.lookAtAll()
      index.restart('a line is not what was indexed')
      await index.reached(placeOf(journal.head))
    },
  )
  return {
    submit: new Taking({ log, gate, provisional, store }),
    subscribe: told,
    state: new Known({
      ...{ log, store, gate, tail, probe, recovery, ownDisk, provisional },
      ...{ queries, checkpoints, posture, keys, evidence, hours },
    }),
    times: { clock, own, steady: hours.steady, running: log.time.now, common: hours.common },
    start: () => {
      ownDisk.start()
      if (!ownDisk.isBehind) follow()
      // where the store has the log, it has what was there before
      if (log.setAside !== undefined && store.kind === 'local')
        void gate.openEpoch({
          why: 'The journal ended with entries that were not signed.',
          restored: 0,
          above: log.setAside,
        })
    },
    close: () => ending.close(),
    keys,
    parts: { journal, log, store, gate, provisional, ownDisk },
  }
}

/** The journal, what is folded from it, and what is made of it beside it. */
async function openDisk(options: LogOptions, logger: Logger, ending: Ending) {
  const { folder, environment, disk, segmentBytes, steady } = options
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
  const keys = (await options.keys?.()) ?? new LogKeys()
  const evidence = await Evidence.open(folder, (message, fields) => logger.error(fields, message))
  const time = await RunningTime.open({ folder, disk, steady })
  const log = await KnownLog.open(journal, {
    time,
    onFault: error => logger.error({ err: error }, 'a listener to the log failed; the log goes on'),
    obedience: new Obedience(keys, environment),
    onRefused: refused => void evidence.keep(refused),
  })
  ending.with(() => log.close())
  // without it a wait begins again and a permission ends, which is what an unknown time asks for
  ending.with(() => time.save().catch(() => {}))
  const index = await EntryIndex.open(journal, say)
  ending.with(() => index.close())
  const tree = await Tree.open(journal, say)
  ending.with(() => tree.close())
  return { journal, log, index, tree, keys, evidence }
}

async function openStore(
  { redisUrl, environment, store }: LogOptions,
  journal: Journal,
  logger: Logger,
): Promise<Store> {
  if (store !== undefined) return store(journal)
  if (redisUrl === undefined) return new LocalStore(journal)
  return openRedis(redisUrl, environment, logger)
}

/** A start that cannot read its journal has the definitions from the state that is kept: without them nothing can be killed. */
const isCatalogue = ({ entry }: SealedEntry): boolean => entry.action === 'catalogue.loaded'

/** Now and then the state is kept beside the journal, so that a start folds only what came after. */
const keepState = (log: KnownLog, logger: Logger, isDue: boolean): Promise<void> =>
  log
    .checkpoint(isDue)
    .catch(error =>
      logger.warn(
        { err: error },
        'the checkpoint could not be written; the next start folds the whole journal',
      ),
    )
