// What the routes are given, and the type of the application they are registered on.

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Clock } from '../domain/clock.js'
import type { FleetActs } from '../fleet/acts.js'
import type { FleetCondition } from '../fleet/condition.js'
import type { Fleet } from '../fleet/fleet.js'
import type { LogState } from '../log/state.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Audit } from '../service/audit.js'
import type { AuditQuestions } from '../service/audit-questions.js'
import type { PastFlags } from '../service/flags-then.js'
import type { Flips } from '../service/flips.js'
import type { Health } from '../service/health.js'
import type { Incidents } from '../service/incidents.js'
import type { LogActs } from '../service/log-acts.js'
import type { Runbooks } from '../service/runbooks.js'
import type { Snapshots } from '../service/snapshots.js'
import type { Submissions } from '../service/submissions.js'
import type { Tokens } from '../tokens/tokens.js'
import type { OpenStreams } from './fleet/open-streams.js'
import type { MarkServed } from './fleet/served.js'
import type { Metrics } from './metrics.js'
import type { Connections } from './plumbing/connections.js'
import type { Load } from './plumbing/load.js'

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export type Parts = {
  environment: string
  /** Whose X-Forwarded-* is believed. */
  trustedProxies: readonly string[]
  /** Of the service. */
  version: string
  clock: Clock
  /** What the end of a token is asked of. */
  tokenClock: Clock
  log: LogState
  subscribe: Subscribe
  submissions: Submissions
  flips: Flips
  incidents: Incidents
  runbooks: Runbooks
  audit: Audit
  questions: AuditQuestions
  pastFlags: PastFlags
  logActs: LogActs
  fleet: Fleet
  fleetActs: FleetActs
  fleetCondition: FleetCondition
  snapshots: Snapshots
  health: Health
  metrics: Metrics
  tokens: () => Tokens
  streams: OpenStreams
  connections: Connections
  load: Load
  /** Marks the client of a request as answered at the revision in force: served, which is weaker than applied. */
  served: MarkServed
  /** Throws `no-known-state` on an instance that has not seen the log: it never answers with an empty state. */
  assertKnown: () => void
}

/** `stale`: the store is away, and what is shown is the last known state. */
export const upstreamOf = ({ health }: Parts): 'live' | 'stale' => (health.isLive() ? 'live' : 'stale')
