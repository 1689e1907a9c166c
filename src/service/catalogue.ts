// Publishes this instance's files into the log: once, when their digest was never there, or when somebody asks to.
// A faulty set of files stops only the very first start; later the last good catalogue stays, and the fault is shown.

import { randomUUID } from 'node:crypto'
import { describeFault, type Fault } from '../domain/catalogue/catalogue.js'
import { catalogueChange, type StepCounts } from '../domain/catalogue/catalogue-change.js'
import { toTimestamp } from '../domain/clock.js'
import { KillswitchError } from '../domain/errors.js'
import type { Draft } from '../domain/log/audit.js'
import type { State } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { Submit } from '../log/submit.js'
import type { CatalogueDocument } from '../wire/catalogue.js'

export type Loaded = { document: CatalogueDocument | undefined; faults: Fault[] }

export class Catalogue {
  readonly #log: LogState
  readonly #submit: Submit
  readonly #load: () => Promise<Loaded>
  readonly #countSteps: (document: CatalogueDocument) => Promise<StepCounts>
  #faults: Fault[] = []
  /** What the first entry of a new log says besides. */
  firstSays: () => Pick<Draft, 'credentials'> = () => ({})

  /** `countSteps`: of the runbooks of a document, and of those in force; it takes as long as reading them does. */
  constructor(parts: {
    log: LogState
    submit: Submit
    load: () => Promise<Loaded>
    countSteps: (document: CatalogueDocument) => Promise<StepCounts>
  }) {
    this.#log = parts.log
    this.#submit = parts.submit
    this.#load = parts.load
    this.#countSteps = parts.countSteps
  }

  /** What is wrong with this instance's files; the catalogue in force is the last good one. */
  get faults(): readonly Fault[] {
    return this.#faults
  }

  /**
   * At a start: publishes the files unless they were in force before. Throws `configuration` with every fault where the
   * log has no catalogue yet, and the store's errors.
   */
  async publishAtStart(): Promise<'published' | 'kept' | 'faulty'> {
    const document = await this.#read()
    if (document === undefined) {
      if (this.#log.state.catalogue !== undefined) return 'faulty'
      throw new KillswitchError(
        'configuration',
        [
          'The catalogue has faults, and there is no earlier one to go on with:',
          ...this.#faults.map(describeFault),
        ].join('\n'),
      )
    }
    if (this.#log.state.catalogues.has(document.digest)) return 'kept'
    return this.#publish(document, state => state.catalogues.has(document.digest))
  }

  /** On SIGHUP or a changed file: publishes whatever is not in force now. Throws `catalogue-refused` with every fault. */
  async reload(): Promise<'published' | 'kept'> {
    const document = await this.#read()
    if (document === undefined) {
      throw new KillswitchError(
        'catalogue-refused',
        [
          'The changed catalogue has faults; the one in force stays:',
          ...this.#faults.map(describeFault),
        ].join('\n'),
        { faults: this.#faults },
      )
    }
    const isInForce = (state: State) => state.catalogue?.digest === document.digest
    return isInForce(this.#log.state) ? 'kept' : this.#publish(document, isInForce)
  }

  async #read(): Promise<CatalogueDocument | undefined> {
    const { document, faults } = await this.#load()
    this.#faults = faults
    return document
  }

  /** `isDone`: another instance may have published the same while this one waited. */
  async #publish(
    document: CatalogueDocument,
    isDone: (state: State) => boolean,
  ): Promise<'published' | 'kept'> {
    const key = randomUUID()
    const steps = this.#log.state.catalogue === undefined ? new Map() : await this.#countSteps(document)
    const { entries } = await this.#submit.entries({
      priority: 'note',
      actor: 'killswitch',
      key,
      digest: document.digest,
      decide: (state, now) => ({
        drafts: [
          loadedDraft(document, key, now, isDone(state) ? undefined : this.#saying(state, document, steps)),
        ],
      }),
    })
    return entries.some(({ outcome }) => outcome === 'applied') ? 'published' : 'kept'
  }

  #saying({ catalogue, credentials }: State, document: CatalogueDocument, steps: StepCounts): Partial<Draft> {
    const change = catalogueChange(catalogue, document, steps)
    if (change !== undefined) return { catalogueChange: change }
    return credentials.length === 0 ? this.firstSays() : {}
  }
}

/** `said`: undefined where it is in force already. */
function loadedDraft(
  document: CatalogueDocument,
  key: string,
  now: number,
  said: Partial<Draft> | undefined,
): Draft {
  return {
    action: 'catalogue.loaded',
    outcome: said === undefined ? 'unchanged' : 'applied',
    actor: { id: 'killswitch', role: 'owner', via: 'service' },
    receivedAt: toTimestamp(now),
    reason: `${document.flags.length} flags and ${document.runbooks.length} runbooks, digest ${document.digest.slice(0, 12)}`,
    ...(said === undefined ? {} : { ...said, catalogue: document }),
    request: { id: key, key, digest: document.digest },
  }
}
