// Fetches the snapshot: one round over the addresses, beginning with the one in use, until one answers. Rounds are
// coalesced; what a round brought is told to the holding. Judges freshness by no clock of its own.

import type { Holding } from '../answer/holding.js'
import type { Voice } from '../logger.js'
import { fromSnapshot } from './apply.js'
import type { Fetched, Transport } from './transport.js'

/** `confirmed`: a live instance that is not behind stands behind what is known now. */
export type Round = { confirmed: boolean; url?: string; refused: boolean; reason: string }

export class Snapshots {
  private readonly transport: Transport
  private readonly holding: Holding
  private readonly voice: Voice
  private etag: { value: string; log: string; revision: number } | undefined
  private running: Promise<Round> | undefined
  /** Of the round under way. */
  private stopped: AbortSignal | undefined

  constructor(transport: Transport, holding: Holding, voice: Voice) {
    this.transport = transport
    this.holding = holding
    this.voice = voice
  }

  /** Never rejects. A round under way is joined, but for one that was stopped. */
  round(urls: readonly string[], stopped: AbortSignal): Promise<Round> {
    if (this.running && !this.stopped?.aborted) return this.running
    const running = this.ask(urls, stopped).finally(() => {
      if (this.running === running) this.running = undefined
    })
    this.running = running
    this.stopped = stopped
    return running
  }

  private async ask(urls: readonly string[], stopped: AbortSignal): Promise<Round> {
    let refused = false
    let reason = 'no address'
    for (const url of urls) {
      if (stopped.aborted) return { confirmed: false, refused: false, reason: 'closed' }
      const { known } = this.holding
      const { etag } = this
      // "unchanged" would leave in force what came of another instance since, and leave it unanswered
      const current =
        etag !== undefined && etag.log === known?.heard?.log && etag.revision === known.heard.revision
      const fetched = await this.transport.snapshot(url, current ? etag.value : undefined, known, stopped)
      if (fetched.outcome === 'refused') {
        refused = true
        reason = `${url} refuses the token (${fetched.status})`
        this.voice.once('refused', `${reason}: KILLSWITCH_TOKEN must be an sdk token of this application`)
      } else if (fetched.outcome === 'failed') {
        reason = `${url}: ${fetched.reason}`
      } else if (this.take(fetched)) {
        this.voice.settled('refused')
        return { confirmed: true, url, refused: false, reason: '' }
      } else {
        reason = `${url} is itself behind or has lost its store`
      }
    }
    return { confirmed: false, refused, reason }
  }

  private take(fetched: Fetched & { outcome: 'snapshot' | 'unchanged' }): boolean {
    if (fetched.outcome === 'unchanged') return fetched.upstream === 'live'
    const { snapshot, etag } = fetched
    const applied = this.holding.take(fromSnapshot(snapshot))
    if (!applied) return false
    if (!applied.behind)
      this.etag =
        etag === undefined ? undefined : { value: etag, log: snapshot.log, revision: snapshot.revision }
    return !applied.behind && fetched.upstream === 'live'
  }
}
