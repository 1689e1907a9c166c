// How a kill is proved from here: the session, the receipts that answer by it, and how they begin and end together. A session
// that the service does not know is replaced at once, and then less and less often; one that was refused is asked for again.

import type { Sent } from '../follow/transport.js'
import type { Voice } from '../logger.js'
import { fullJitter, pause, type Runtime } from '../runtime.js'
import type { Receipt } from './receipt.js'
import { Receipts } from './receipts.js'
import type { Session } from './session.js'

type Making = {
  runtime: Runtime
  voice: Voice
  /** Undefined: nothing is proved by this process, and nothing sent. */
  session: Session | undefined
  /** The receipt as of now; undefined while there is nothing to report. */
  receipt: () => Receipt | undefined
  /** Never rejects. */
  send: (receipt: Receipt) => Promise<Sent>
  /** Asks for the snapshot, which opens a session where there is none. Never rejects. */
  ask: () => Promise<unknown>
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 15_000
const REFUSED_AGAIN_MS = 60_000
const DISK_MS = 500

export class Proving {
  private readonly making: Making
  private readonly receipts: Receipts
  private stopping = new AbortController()
  private opening = false
  /** Sessions in a row that were not known when their first receipt came. */
  private unknown = 0
  private again = () => {}

  constructor(making: Making) {
    this.making = making
    const { runtime, voice, session } = making
    this.receipts = new Receipts({
      runtime,
      voice,
      // while it is open whether there is a session: one without it would count as another instance
      receipt: () => (session?.isSettled === false ? undefined : making.receipt()),
      send: receipt => this.send(receipt),
    })
    session?.listen({ given: () => this.onGiven(), refused: () => this.onRefused() })
  }

  /** Before the first request. */
  begin(): void {
    this.stopping = new AbortController()
    this.unknown = 0
    this.making.session?.begin()
  }

  /** The state is known, or nothing is to be heard of it. */
  start(): void {
    this.receipts.start()
  }

  /** Says what is in force now. */
  report(): void {
    this.receipts.report()
  }

  /** The goodbye, within half a second; a session that could not say it is left for whoever comes next. */
  async close(): Promise<void> {
    this.stopping.abort()
    this.again()
    const { runtime, session } = this.making
    const goodbye = await this.receipts.close(session?.isGiven === true)
    // a disk that hangs keeps nobody from ending
    const ended = new AbortController()
    const closed = session?.close(goodbye).finally(() => ended.abort())
    if (closed) await Promise.race([closed, pause(runtime, DISK_MS, ended.signal, true)])
  }

  private onGiven(): void {
    this.again()
    this.receipts.report()
  }

  private onRefused(): void {
    const { runtime, ask } = this.making
    this.again()
    this.again = runtime.later(REFUSED_AGAIN_MS * (0.8 + 0.4 * runtime.random()), () => void ask())
  }

  private async send(receipt: Receipt): Promise<Sent> {
    const sent = await this.making.send(receipt)
    const { session } = receipt
    if (sent.outcome === 'taken') this.unknown = 0
    if (session === undefined || sent.outcome !== 'refused' || sent.code !== 'unknown-session') return sent
    if (!receipt.closing && this.making.session?.drop(session)) void this.reopen()
    return { outcome: 'failed' }
  }

  private async reopen(): Promise<void> {
    if (this.opening) return
    this.opening = true
    const { runtime, session, ask } = this.making
    const stopped = this.stopping.signal
    while (!stopped.aborted && session?.isSettled === false) {
      const attempt = this.unknown++
      if (attempt > 0)
        await pause(runtime, fullJitter(runtime, attempt, FIRST_WAIT_MS, LONGEST_WAIT_MS), stopped)
      if (!stopped.aborted && !session.isSettled) await ask()
    }
    this.opening = false
  }
}
