// The services on one log, put together. Part of the composition root.

import type { FastifyBaseLogger } from 'fastify'
import { loadCatalogue } from '../catalogue/load.js'
import type { Config } from '../config.js'
import type { Ending } from '../domain/ending.js'
import { FleetActs } from '../fleet/acts.js'
import { FleetCondition } from '../fleet/condition.js'
import { Confirmations } from '../fleet/confirmations.js'
import { Fleet } from '../fleet/fleet.js'
import { FleetRecord } from '../fleet/record.js'
import { Served } from '../fleet/served.js'
import { Sessions } from '../fleet/sessions.js'
import type { OpenLog } from '../log/open-log.js'
import { Audit } from '../service/audit.js'
import { AuditQuestions } from '../service/audit-questions.js'
import { Catalogue } from '../service/catalogue.js'
import { Counted } from '../service/counted.js'
import { PastFlags } from '../service/flags-then.js'
import { Flips } from '../service/flips.js'
import { Health } from '../service/health.js'
import { Incidents } from '../service/incidents.js'
import { LogActs } from '../service/log-acts.js'
import { Repeats } from '../service/repeats.js'
import { Runbooks } from '../service/runbooks.js'
import { Snapshots } from '../service/snapshots.js'
import { Submissions } from '../service/submissions.js'
import { Warrants } from '../service/warrants.js'
import { areMade } from '../tokens/first-start.js'
import { sayEntries } from './entry-log.js'

/** `ending` closes them again. Nothing is told of the apps, and none is heard, before `start`. */
export async function openServices(
  { submit, subscribe, state: log, times, keys: logKeys }: OpenLog,
  {
    environment,
    environmentAliases,
    businessHours: hours,
    flagsDir,
    runbooksDir,
    dataDir,
    mostInstances,
    redisUrl,
    tokensFile,
  }: Config,
  logger: FastifyBaseLogger,
  ending: Ending,
  keys: () => readonly Buffer[],
) {
  const { clock, steady } = times
  const onFault = (error: unknown) => logger.error({ err: error }, 'a background task failed')
  const catalogue = new Catalogue({
    log,
    submit,
    load: () => loadCatalogue({ flagsDir, runbooksDir }),
    countSteps: document => runbooks.stepCounts(document),
  })
  const health = new Health({ log, catalogue })
  const runbooks = new Runbooks(log, subscribe, [environment, ...environmentAliases], onFault)
  const refusals = new Counted(submit, times, { action: 'refused.summary', outcome: 'refused' })
  const repeats = new Repeats({ submit, subscribe, times, onFault })
  const submissions = new Submissions({ submit, refusals, repeats, clock })
  const flips = new Flips({ log, runbooks, submissions })
  const audit = new Audit(log, subscribe)
  const questions = new AuditQuestions(log, clock)
  const pastFlags = new PastFlags(log, clock)
  const incidents = new Incidents({ log, submissions, runbooks, audit, clock, hours })
  const logActs = new LogActs({ log, submissions, keys: logKeys })
  const warrants = new Warrants(environment, keys)
  const snapshots = new Snapshots(log, environment, warrants)
  const served = new Served(steady)
  const { record, found } = await FleetRecord.open(dataDir)
  // whoever ran before it has a token that is none of these: refused, it would not be heard of in that minute either
  const makesTokens = redisUrl === undefined && tokensFile === undefined && !(await areMade(dataDir))
  if (makesTokens) await record.outlived()
  const isRecorded = found || makesTokens
  const sessions = new Sessions(environment, keys)
  const fleet = new Fleet({
    ...{ log, submit, subscribe, times, environment, served, record, isRecorded, sessions, keys, warrants },
    most: mostInstances,
  })
  const fleetActs = new FleetActs({ log, fleet, submissions, clock: steady })
  const fleetCondition = new FleetCondition({ log, fleet })
  const confirmations = new Confirmations({ log, submit, subscribe, fleet, clock: steady })

  subscribe.entries(entries => sayEntries(entries, logger))
  fleet.onFault = onFault
  fleet.onFork = ({ app, instance, fork }) =>
    logger.error({ code: 'fork', app, instance }, `${app} ${instance} has seen the log fork: ${fork}`)
  ending.with(
    () => refusals.close(),
    () => repeats.close(),
    () => confirmations.close(),
    () => fleet.close(),
  )
  return {
    ...{
      catalogue,
      health,
      runbooks,
      submissions,
      flips,
      audit,
      questions,
      pastFlags,
      logActs,
      incidents,
      snapshots,
      served,
    },
    ...{ fleet, fleetActs, fleetCondition },
    start: () => {
      fleet.start()
      void confirmations.start().catch(onFault)
    },
  }
}
