// Kills that found their flag held by the same incident or actor: each is answered, and beyond ten a minute of one actor they
// are counted. Such a kill still stands against a restore that was asked for before it and is committed after it: what that
// restore released, the kill puts again.

import type { Actor } from '../domain/actor.js'
import type { Times } from '../domain/clock.js'
import type { Verdict } from '../domain/flip/flip.js'
import { decideKill, type Kill } from '../domain/flip/kill.js'
import type { SealedEntry } from '../domain/log/audit.js'
import type { Submit, Taken } from '../log/submit.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Warning } from '../wire/hold.js'
import { Counted } from './counted.js'

/** Longer than a restore can be under way. */
const REMEMBERED_MS = 60_000
const MOST_REMEMBERED = 1_000

type Parts = {
  submit: Submit
  subscribe: Subscribe
  times: Times
  onFault: (error: unknown) => void
}

export class Repeats {
  readonly #parts: Parts
  readonly #counted: Counted
  /** The newest of each hold that it found. */
  readonly #standing = new Map<string, { kill: Kill; at: number }>()
  readonly #unsubscribe: () => void

  constructor(parts: Parts) {
    this.#parts = parts
    const summary = { action: 'unchanged.summary', outcome: 'unchanged' } as const
    this.#counted = new Counted(parts.submit, parts.times, summary)
    this.#unsubscribe = parts.subscribe.entries(entries => this.#look(entries))
  }

  /** The rules of a kill, with what changes nothing marked where it is not to be written any more. */
  counting(actor: Actor, decide: (state: Parameters<typeof decideKill>[0]) => Verdict): typeof decide {
    let isAdmitted: boolean | undefined
    return state => {
      const verdict = decide(state)
      const { drafts, refusal } = verdict
      if (refusal !== undefined || !drafts.every(({ outcome }) => outcome === 'unchanged')) return verdict
      isAdmitted ??= this.#counted.admit(actor)
      if (isAdmitted) return verdict
      const told = drafts.map(draft => ({ ...draft, warnings: [...(draft.warnings ?? []), COUNTED] }))
      return { drafts: told, isCounted: true }
    }
  }

  /** It was answered, and not written. */
  took(kill: Kill, { entries }: Taken): void {
    const now = this.#parts.times.steady()
    this.#counted.count(kill.actor, kill.flags)
    for (const { hold } of entries) {
      if (hold === undefined) continue
      this.#standing.delete(hold)
      this.#standing.set(hold, { kill, at: now })
    }
    for (const [hold, { at }] of this.#standing) {
      if (this.#standing.size <= MOST_REMEMBERED && now - at < REMEMBERED_MS) break
      this.#standing.delete(hold)
    }
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    await this.#counted.close()
  }

  #look(entries: readonly SealedEntry[]): void {
    if (this.#standing.size === 0) return
    for (const { entry } of entries)
      for (const hold of entry.released ?? []) {
        const kill = this.#standing.get(hold)?.kill
        this.#standing.delete(hold)
        if (kill !== undefined && kill.receivedAt > entry.receivedAt) this.#putAgain(kill)
      }
  }

  #putAgain(kill: Kill): void {
    const { actor, request } = kill
    const ask = { priority: 'kill' as const, actor: actor.id, key: request.key, digest: request.digest }
    this.#parts.submit
      .entries({ ...ask, kill, decide: state => decideKill(state, kill) })
      .catch(this.#parts.onFault)
  }
}

const COUNTED: Warning = {
  code: 'counted',
  detail:
    'More than ten of your kills found their flag killed within a minute: this one has no entry of its own, and is counted in one with the others.',
}
