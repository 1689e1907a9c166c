// The runbooks of the catalogue in force, parsed. They are read in the background when a catalogue comes in; until then
// the ones before it answer. After a start there are none before it: a step is waited for then, by a kill for a second
// at most.

import { setTimeout as delay } from 'node:timers/promises'
import { applyLinks } from '../catalogue/runbooks/flips/links.js'
import { readRunbooks } from '../catalogue/runbooks/reader.js'
import { KillswitchError } from '../domain/errors.js'
import { type Claimed, claimStep } from '../domain/flip/claim.js'
import type { StepClaim } from '../domain/flip/flip.js'
import type { Incident } from '../domain/incident/incident.js'
import { nearest } from '../domain/incident/near-id.js'
import { killsOf } from '../domain/runbook/step-run.js'
import type { LogState } from '../log/state.js'
import type { Subscribe } from '../log/subscribe.js'
import type { CatalogueDocument } from '../wire/catalogue.js'
import type { Finding, Runbook, Step } from '../wire/runbook.js'
import type { AskedFor } from './submissions.js'

const UNREAD: readonly string[] = ['too-large', 'too-slow', 'unreadable'] satisfies Finding['code'][]

/** A kill that names a step, from a start on. */
const KILL_WAITS_MS = 1_000
const COUNT_WAITS_MS = 10_000

export class Runbooks {
  #byId: ReadonlyMap<string, Runbook> = new Map()
  #sources: ReadonlyMap<string, string> = new Map()
  #findings: Finding[] = []
  #digest: string | undefined
  #reading: Promise<void> = Promise.resolve()
  #isFirst = true
  readonly #environments: readonly string[]
  readonly #onFault: (error: unknown) => void

  /** `environments`: this service's own, and what runbooks call it besides. */
  constructor(
    log: LogState,
    subscribe: Subscribe,
    environments: readonly string[],
    onFault: (error: unknown) => void,
  ) {
    this.#environments = environments
    this.#onFault = onFault
    this.#follow(log.state.catalogue)
    subscribe.entries((_, state) => this.#follow(state.catalogue))
  }

  /** Whether there is nothing to wait for. */
  get isKnown(): boolean {
    return !this.#isFirst || this.#digest === undefined
  }

  /** Resolves at once, but for the first reading after a start. */
  async known(): Promise<void> {
    // a catalogue that comes in meanwhile is read instead
    while (!this.isKnown) await this.#reading
  }

  /** The same for a kill from a step, which nothing keeps for long. */
  async knownToKill(): Promise<void> {
    if (this.isKnown) return
    const enough = new AbortController()
    const { signal } = enough
    await Promise.race([this.known(), delay(KILL_WAITS_MS, undefined, { signal }).catch(() => {})])
    enough.abort()
  }

  all(): Runbook[] {
    return [...this.#byId.values()]
  }

  get findings(): readonly Finding[] {
    return this.#findings
  }

  /** Why runbooks are without their steps: too large, too slow, or not readable. */
  get unread(): Finding[] {
    return this.all().flatMap(({ findings }) => findings.filter(({ code }) => UNREAD.includes(code)))
  }

  get(id: string): Runbook {
    const runbook = this.#byId.get(id)
    if (runbook) return runbook
    const ids = [...this.#byId.keys()]
    throw new KillswitchError(
      'unknown-runbook',
      `There is no runbook "${id}": there are ${ids.join(', ') || 'none'}.`,
      { runbooks: ids, near: nearest(id, ids) },
    )
  }

  /** The one that an incident follows; undefined where it has none, or the catalogue no longer has it. */
  of({ runbook }: Incident): Runbook | undefined {
    return runbook && this.#byId.get(runbook.id)
  }

  /** The Markdown as its team wrote it. */
  source(id: string): string {
    this.get(id)
    return this.#sources.get(id) ?? ''
  }

  /** A step by id, unambiguous shortening or code, checked against what it is claimed to do to the flag. */
  claim(step: string | undefined, flag: string | undefined, direction: 'kill' | 'restore'): Claimed {
    if (step !== undefined && !this.isKnown) return unread(step)
    return claimStep(this.all(), step, flag, direction)
  }

  /** What a refusal keeps of what was asked, found or not; where no flags are named, those that the step kills. */
  asked({ step, flags, ...papers }: AskedBody, direction: 'kill' | 'restore', flag?: string): AskedFor {
    const claimed = step === undefined ? undefined : this.claim(step, undefined, direction)
    const kills = flag === undefined && claimed?.found ? killsOf(claimed.found.step) : []
    const named = flags ?? (kills.length > 0 ? kills : undefined)
    return {
      ...(papers.incident === undefined ? {} : { incident: papers.incident }),
      ...(papers.reason === undefined ? {} : { reason: papers.reason }),
      ...(claimed === undefined ? {} : { claim: referredTo(claimed) }),
      ...(named === undefined ? {} : { flags: named }),
    }
  }

  /** Steps that act on a flag; every step where none is named. */
  steps(flag?: string): { runbook: Runbook; step: Step }[] {
    return this.all().flatMap(runbook =>
      runbook.steps
        .filter(step => flag === undefined || step.flagActions.some(action => action.flag === flag))
        .map(step => ({ runbook, step })),
    )
  }

  /**
   * How many steps each runbook has, by the digest of its source: of those in force, and of a document that is to be. The
   * document is read once, for this and for when it is in force; what takes too long is not counted.
   */
  async stepCounts({ runbooks, flags }: CatalogueDocument): Promise<Map<string, number>> {
    const enough = new AbortController()
    const reading = readRunbooks(runbooks, flags, this.#environments)
    const late = delay(COUNT_WAITS_MS, [], { signal: enough.signal }).catch(() => [])
    const read = await Promise.race([reading, late])
    enough.abort()
    const whole = [...this.all(), ...read].filter(
      ({ findings }) => !findings.some(({ code }) => UNREAD.includes(code)),
    )
    return new Map(whole.map(({ digest, steps }) => [digest, steps.length]))
  }

  #follow(catalogue: CatalogueDocument | undefined): void {
    if (catalogue === undefined || catalogue.digest === this.#digest) return
    const { digest } = catalogue
    this.#digest = digest
    this.#reading = this.#read(catalogue)
      .catch(this.#onFault)
      .finally(() => {
        if (digest === this.#digest) this.#isFirst = false
      })
  }

  async #read(catalogue: CatalogueDocument): Promise<void> {
    const runbooks = await readRunbooks(catalogue.runbooks, catalogue.flags, this.#environments)
    if (catalogue.digest !== this.#digest) return
    const linked = applyLinks(runbooks, catalogue.links, catalogue.flags)
    this.#byId = new Map(linked.runbooks.map(runbook => [runbook.id, runbook]))
    this.#findings = linked.findings
    this.#sources = new Map(catalogue.runbooks.map(({ id, source }) => [id, source]))
  }
}

type AskedBody = { step?: string; flags?: readonly string[]; incident?: string; reason?: string }

/** The step alone: what is wrong with it is in the refusal. */
const referredTo = ({ runbook, step }: StepClaim): StepClaim => ({
  ...(runbook === undefined ? {} : { runbook }),
  ...(step === undefined ? {} : { step }),
  offRunbook: false,
  warnings: [],
})

/** A kill does not wait for ever; everything else has waited. */
const unread = (step: string): Claimed => ({
  step: { id: step },
  offRunbook: true,
  warnings: [
    {
      code: 'runbooks-unavailable',
      detail: 'The runbooks are still being read after a start: the step is kept as it was given, unchecked.',
      near: [],
    },
  ],
})
