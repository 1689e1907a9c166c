// Tells in the log what was on the branches this instance has left, until all of it is there: over outages, restarts, and
// branches that are abandoned in their turn. Changes no flag; the kills of a branch come in by the provisional way.

import { KillswitchError } from '../../domain/errors.js'
import { isSettled, requestId, settledBy, tellingOf } from '../../domain/log/abandoned.js'
import { type Draft, open, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Gate } from '../gate/gate.js'
import { markTold, readBranch, untoldBranches } from '../journal/forks.js'
import type { Provisional } from '../provisional/provisional.js'

type Parts = { log: KnownLog; gate: Gate; provisional: Provisional; onFault: (error: unknown) => void }

export class Branches {
  readonly #parts: Parts
  #files: readonly string[]
  #telling: Promise<void> | undefined

  private constructor(parts: Parts, files: readonly string[]) {
    this.#parts = parts
    this.#files = files
  }

  /** Takes up what an earlier run of this instance had not told yet. */
  static async open(parts: Parts): Promise<Branches> {
    return new Branches(parts, await untoldBranches(parts.log.journal.folder))
  }

  /** A branch was left: its file under forks/. */
  add(file: string): void {
    this.#files = [...this.#files, file]
  }

  /** Called while the store answers. One at a time; what cannot be told yet is told later. */
  tell(): void {
    if (this.#files.length === 0 || this.#telling) return
    this.#telling = this.#tellAll()
      .catch(error => {
        // the store is away again, or being mended
        if (!(error instanceof KillswitchError)) this.#parts.onFault(error)
      })
      .finally(() => {
        this.#telling = undefined
      })
  }

  async close(): Promise<void> {
    await this.#telling
  }

  async #tellAll(): Promise<void> {
    for (const file of this.#files) {
      await this.#tellOne(file)
      await markTold(file)
      this.#files = this.#files.filter(each => each !== file)
    }
  }

  async #tellOne(file: string): Promise<void> {
    const branch = (await readBranch(file)).map(open)
    const [first] = branch
    if (first === undefined) return
    const { log, gate, provisional } = this.#parts
    // an earlier run left it and ended before it opened one: above every place that was issued on the branch
    const above = branch.at(-1)?.entry.epoch ?? 0
    if (above > log.head.epoch)
      await gate.openEpoch({ why: 'A branch of the log was abandoned.', restored: 0, above })
    const settled = new Set<string>()
    const settle = (entries: readonly SealedEntry[]): void => {
      for (const { entry } of entries) {
        const id = settledBy(entry)
        if (id !== undefined) settled.add(id)
      }
    }
    // others may have left the same branch, and tell of it at the same time
    const unsubscribe = log.subscribe(settle)
    try {
      settle(await log.entriesAfter(placeOf(first.entry) - 1))
      for (const { actor, request, flags } of provisional.kills)
        for (const flag of flags) settled.add(requestId({ actor, request, flag }))
      for (const sealed of branch) {
        const draft = tellingOf(sealed)
        if (draft !== undefined) await this.#offer(draft, () => isSettled(sealed.entry, settled))
      }
    } finally {
      unsubscribe()
    }
  }

  /** Under a key of its own: its request's key may stand for another attempt by now. */
  async #offer(draft: Draft, isTold: () => boolean): Promise<void> {
    if (isTold()) return
    const key = `branch-${draft.origin?.hash.slice(0, 32)}`
    const ask = { priority: 'note' as const, actor: 'killswitch', key, digest: key }
    await this.#parts.gate
      .submit({
        ...ask,
        receivedAt: Date.parse(draft.receivedAt),
        decide: () => ({ drafts: isTold() ? [] : [draft] }),
      })
      .catch(error => {
        if (!isTold()) throw error
      })
  }
}
