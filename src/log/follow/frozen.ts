// The folded state as JSON, for the checkpoint beside the journal.

import type { Answered } from '../../domain/flip/answered.js'
import type { IncidentFlips } from '../../domain/incident/flips.js'
import type { Incident } from '../../domain/incident/incident.js'
import type { LogKeys } from '../../domain/log/log-keys.js'
import type { FlagState, State } from '../../domain/state.js'
import type { CatalogueDocument } from '../../wire/catalogue.js'

/** Raised with every change of what State holds: a checkpoint of another form is as good as none. */
const FORM = 11

type Maps = 'flags' | 'catalogues' | 'incidents' | 'undeclared'
type Frozen = Omit<State, Maps | 'catalogue'> & {
  form: number
  catalogue: CatalogueDocument | undefined
  flags: [string, FlagState][]
  catalogues: string[]
  incidents: [string, Incident][]
  undeclared: [string, IncidentFlips][]
  answered: [string, Answered][]
}

/** With the mark of the key, where there is one: a state that somebody else wrote there is not believed. */
export function freeze(state: State, answered: ReadonlyMap<string, Answered>, keys: LogKeys): unknown {
  const { flags, catalogues, incidents, undeclared, ...rest } = state
  const frozen: Frozen = {
    ...rest,
    form: FORM,
    flags: [...flags.entries()],
    catalogues: [...catalogues],
    incidents: [...incidents.entries()],
    undeclared: [...undeclared.entries()],
    answered: [...answered.entries()],
  }
  const mac = keys.mac(JSON.stringify(frozen))
  return mac === undefined ? frozen : { ...frozen, mac }
}

/** Undefined where it is of another form, or not kept by this instance. */
export function thaw(
  kept: unknown,
  keys: LogKeys,
): { state: State; answered: [string, Answered][] } | undefined {
  if ((kept as Frozen | undefined)?.form !== FORM) return undefined
  const { mac, ...frozen } = kept as Frozen & { mac?: string }
  if (mac !== keys.mac(JSON.stringify(frozen))) return undefined
  const { form: _, flags, catalogues, incidents, undeclared, answered, ...rest } = frozen
  const state: State = {
    ...rest,
    log: rest.log,
    catalogue: rest.catalogue,
    flags: new Map(flags),
    catalogues: new Set(catalogues),
    incidents: new Map(incidents),
    undeclared: new Map(undeclared),
  }
  return { state, answered }
}
