// The services on one log, put together. Part of the composition root.

import type { FastifyBaseLogger } from 'fastify'
import { loadCatalogue } from './catalogue/load.js'
import type { Config } from './config.js'
import type { Clock } from './domain/clock.js'
import type { Ending } from './domain/ending.js'
import { sayEntries } from './entry-log.js'
import type { OpenLog } from './log/open-log.js'
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

/** `ending` closes them again. Nothing is told of the apps, and none is heard, before `start`. */
export function openServices(
  { submit, subscribe, state: log }: OpenLog,
  { environment, environmentAliases, flagsDir, runbooksDir }: Config,
  clock: Clock,
  logger: FastifyBaseLogger,
  ending: Ending,
) {
  const onFault = (error: unknown) => logger.error({ err: error }, 'a background task failed')
  const catalogue = new Catalogue({ log, submit, load: () => loadCatalogue({ flagsDir, runbooksDir }) })
  const health = new Health({ log, catalogue })
  const runbooks = new Runbooks(log, subscribe, [environment, ...environmentAliases], onFault)
  const refusals = new Refusals(submit, clock)
  const submissions = new Submissions({ submit, refusals, clock })
  const flips = new Flips({ log, runbooks, submissions })
  const audit = new Audit(log, subscribe)
  const incidents = new Incidents({ log, submissions, runbooks, audit, clock })
  const snapshots = new Snapshots(log, environment)
  const served = new Served(clock)
  const fleet = new Fleet({ submit, subscribe, clock, served })
  const confirmations = new Confirmations({ log, submit, subscribe, fleet, clock })

  subscribe.entries(entries => sayEntries(entries, logger))
  fleet.onFork = ({ app, instance, fork }) =>
    logger.error({ code: 'fork', app, instance }, `${app} ${instance} has seen the log fork: ${fork}`)
  ending.with(
    () => refusals.close(),
    () => confirmations.close(),
    () => fleet.close(),
  )
  return {
    ...{ catalogue, health, runbooks, submissions, flips, audit, incidents, snapshots, served, fleet },
    start: () => fleet.start(),
  }
}
