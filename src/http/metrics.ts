// GET /metrics, in Prometheus' text format.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { placeOf, type SealedEntry } from '../domain/log/audit.js'
import { isKilled } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { Health } from '../service/health.js'
import type { OpenStreams } from './fleet/open-streams.js'
import type { App, Parts } from './parts.js'
import type { Connections } from './plumbing/connections.js'
import type { Load } from './plumbing/load.js'

const KILL_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2]

export class Metrics {
  readonly registry = new Registry()
  readonly #flips: Counter
  readonly #kills: Histogram
  readonly #unauthenticated: Counter

  constructor({ log, health, environment }: { log: LogState; health: Health; environment: string }) {
    const { registry } = this
    registry.setDefaultLabels({ environment })
    collectDefaultMetrics({ register: registry })
    const registers = [registry]
    this.#flips = new Counter({
      name: 'killswitch_flips_total',
      help: 'Entries this instance committed, by action and outcome',
      labelNames: ['action', 'outcome'],
      registers,
    })
    this.#kills = new Histogram({
      name: 'killswitch_kill_seconds',
      help: 'From a kill received to its answer',
      buckets: KILL_SECONDS,
      registers,
    })
    this.#unauthenticated = new Counter({
      name: 'killswitch_unauthenticated_total',
      help: 'Requests without a token that is known',
      registers,
    })
    this.gauge(
      'flags_killed',
      'Flags that are killed now',
      () => [...log.known.flags.values()].filter(isKilled).length,
    )
    this.gauge('log_head', 'Place of the last entry known here', () => placeOf(log.head))
    this.gauge(
      'revision',
      'Place of the last entry that changed a flag or the catalogue',
      () => log.state.revision,
    )
    this.gauge('store_up', '1 while the store answers and holds our history', () => Number(health.isLive()))
    this.gauge(
      'store_takes_commits',
      '1 while the store would take a flip, as it was asked a second ago',
      () => Number(log.condition.lost === undefined && log.condition.refusal === undefined),
    )
    this.gauge('tail_lag_seconds', 'Since the store was last heard of', () =>
      Number.isFinite(health.tailLagMs) ? health.tailLagMs / 1000 : -1,
    )
    this.gauge(
      'provisional_kills',
      'Kills in force here and not in the log yet',
      () => log.provisional.length,
    )
    this.gauge(
      'restores_not_applied',
      'Restores of an abandoned branch, recovered and not applied, on flags not flipped since',
      () => health.notApplied,
    )
    const { condition } = log
    this.gauge(
      'clock_offset_seconds',
      "How far this instance's clock is ahead of the store's; below 0 where it is behind, NaN where that is not known",
      () => (condition.clocks.offsetMs ?? Number.NaN) / 1000,
    )
    this.gauge(
      'log_ahead_seconds',
      "How far the log's last hour is ahead of this clock and the store's; 0 where it is not",
      () => (condition.clocks.log?.aheadMs ?? 0) / 1000,
    )
    this.gauge('journal_reserve', '1 while room on the disk is kept for kills', () =>
      Number(!log.condition.isFull),
    )
    this.gauge(
      'not_signed',
      'Findings, in the store or on the disk, of entries that nobody with the key of the log signed; not obeyed',
      () => log.condition.notSigned.count,
    )
    this.gauge(
      'log_signing',
      '1 while this instance signs what it commits and verifies what it follows',
      () => Number(log.condition.signing.is === 'signed'),
    )
    this.gauge('journal_whole', '1 while all that was looked at of the journal is as it was written', () =>
      Number(log.condition.damaged === undefined),
    )
    this.gauge('journal_ok', '1 while the journal can be written', () =>
      Number(log.condition.broken === undefined),
    )
  }

  /** What is measured beside the log. */
  watch({
    load,
    streams,
    connections,
    subscribe,
  }: Pick<Parts, 'load' | 'streams' | 'connections' | 'subscribe'>): void {
    subscribe.committed(entries => this.#count(entries))
    this.#watchLoad(load)
    this.#watchStreams(streams)
    this.#watchConnections(connections)
  }

  #watchLoad(load: Load): void {
    this.gauge('overloaded', '1 while reads are shed', () => Number(load.isLate))
    this.gauge('loop_delay_seconds', 'How late the event loop was lately', () => load.delayMs / 1000)
    this.gauge('reads_shed', 'Reads answered by 503 so that kills come first', () => load.shed)
  }

  #watchStreams(streams: OpenStreams): void {
    this.gauge('streams', 'Open streams of SDKs', () => streams.count('app'))
    this.gauge('browser_streams', 'Open event streams of OFREP web clients', () => streams.count('browser'))
    this.gauge('streams_most', 'How many streams this instance takes', () => streams.most)
    this.gauge('streams_refused', 'Streams refused for their number', () => streams.refused)
  }

  #watchConnections(connections: Connections): void {
    const { closed } = connections
    this.gauge('connections', 'Open connections, streams among them', () => connections.size)
    this.gauge('connections_most', 'How many connections this instance takes', () => connections.most)
    this.gauge('connections_strangers', 'Open connections without a valid token', () => connections.strangers)
    this.gauge('connections_closed', 'Connections closed to make room for new ones', () => {
      return closed.stranger + closed.idle + closed.asking
    })
  }

  /** A number that is read when it is asked for. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `killswitch_${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(read())
      },
    })
  }

  #count(entries: readonly SealedEntry[]): void {
    for (const { entry } of entries) this.#flips.inc({ action: entry.action, outcome: entry.outcome })
  }

  unauthenticated(): void {
    this.#unauthenticated.inc()
  }

  async timeKill<T>(kill: () => Promise<T>): Promise<T> {
    const end = this.#kills.startTimer()
    try {
      return await kill()
    } finally {
      end()
    }
  }
}

export function metricsRoute(app: App, { metrics }: Parts): void {
  app.get(
    '/metrics',
    {
      config: { access: 'viewer', kept: true },
      schema: {
        operationId: 'metrics',
        summary: 'Metrics for Prometheus',
        tags: ['health'],
        response: {
          200: { description: 'The metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
        },
      },
    },
    async (_, reply) => {
      reply.header('content-type', metrics.registry.contentType)
      return metrics.registry.metrics()
    },
  )
}
