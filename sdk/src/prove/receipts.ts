// Says what this process has applied: at once after applying, again every 15 s give or take a fifth, and a last time
// when it closes. Soft and in nobody's way: one request at a time, the newest state only, failures retried quietly.

import { RECEIPT_INTERVAL_MS } from '../../../src/domain/fleet/receipt.js'
import type { Sent } from '../follow/transport.js'
import type { Voice } from '../logger.js'
import { fullJitter, type Runtime } from '../runtime.js'
import type { Receipt } from './receipt.js'

type Making = {
  runtime: Runtime
  voice: Voice
  /** The receipt as of now; undefined while there is nothing to report. */
  receipt: () => Receipt | undefined
  /** Never rejects. */
  send: (receipt: Receipt) => Promise<Sent>
}

const FIRST_RETRY_MS = 250
const CLOSING_MS = 500

export class Receipts {
  private readonly making: Making
  private sending = false
  private again = false
  private failures = 0
  private running = false
  private next = () => {}

  constructor(making: Making) {
    this.making = making
  }

  start(): void {
    this.running = true
    this.report()
  }

  /** Sends the state as it is now, or, where one is on its way, once more after it. */
  report(): void {
    if (!this.running) return
    this.again = this.sending
    if (!this.sending) void this.deliver()
  }

  /** The last one, `closing`, within half a second; true where it was taken. `owed`: also where none was sent before. */
  async close(owed = false): Promise<boolean> {
    if (!this.running && !owed) return false
    this.running = false
    this.next()
    const { runtime, send } = this.making
    const last = this.making.receipt()
    if (!last) return false
    return new Promise<boolean>(resolve => {
      const cancel = runtime.later(CLOSING_MS, () => resolve(false), true)
      void send({ ...last, closing: true }).then(({ outcome }) => {
        cancel()
        resolve(outcome === 'taken')
      })
    })
  }

  private async deliver(): Promise<void> {
    const { runtime } = this.making
    this.next()
    const receipt = this.making.receipt()
    this.sending = true
    const taken = receipt === undefined || (await this.send(receipt))
    this.sending = false
    if (!this.running) return
    this.failures = taken ? 0 : this.failures + 1
    if (this.again) {
      this.again = false
      return this.deliver()
    }
    const regular = RECEIPT_INTERVAL_MS * (0.8 + 0.4 * runtime.random())
    const retry = fullJitter(runtime, this.failures, FIRST_RETRY_MS, RECEIPT_INTERVAL_MS)
    this.next = runtime.later(taken ? regular : retry, () => void this.deliver())
  }

  /** Whether it was taken. A refusal is said aloud: until it is mended, no kill of this app can be proved. */
  private async send(receipt: Receipt): Promise<boolean> {
    const { send, voice } = this.making
    const sent = await send(receipt)
    const { warrants, ...older } = receipt
    // a service from before there were warrants refuses the whole receipt
    if (sent.outcome === 'refused' && sent.code === 'malformed-request' && warrants !== undefined)
      return this.send(older)
    if (sent.outcome === 'refused')
      voice.once(
        'receipts',
        `no kill can be proved here, the receipts of ${receipt.app} are refused: ${[sent.status, sent.detail].filter(Boolean).join(': ')}`,
      )
    else if (sent.outcome === 'taken') voice.settled('receipts')
    return sent.outcome === 'taken'
  }
}
