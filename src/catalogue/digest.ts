// The digest of a catalogue: the same for the same definitions, whatever directory, file order or member order they
// came in. It can be recomputed from the document alone, years later.

import type { CatalogueDocument } from '../wire/catalogue.js'
import { compare } from './faults.js'
import { sha256 } from './runbook-files.js'

/** SHA-256, hex, over everything but the digest itself. */
export function digestCatalogue(document: Omit<CatalogueDocument, 'digest'>): string {
  const { applications, flags, links, runbooks } = document
  return sha256(serialise({ applications, flags, links, runbooks }))
}

/** JSON with the members of every object in the order of their names. */
function serialise(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => compare(a, b)))
      : member,
  )
}
