// Puts what was read from all files together as the one document that goes into the log.

import type { Fault } from '../domain/catalogue/catalogue.js'
import type { CatalogueDocument } from '../wire/catalogue.js'
import type { ApplicationFile } from './application.js'
import { digestCatalogue } from './digest.js'
import { compare } from './faults.js'
import { shownPath } from './files.js'
import type { RunbookFiles } from './runbook-files.js'

/** The document is one entry of the log, so one line of it. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024

/** The document in one order, whatever order the files came in. */
export function assemble(
  files: readonly ApplicationFile[],
  sources: RunbookFiles['sources'],
): CatalogueDocument {
  const applications = files
    .map(({ application }) => withRunbook(application, sources))
    .sort((a, b) => compare(a.id, b.id))
  const flags = files.flatMap(({ definitions }) => definitions).sort((a, b) => compare(a.key, b.key))
  const links = files
    .flatMap(file => file.links)
    .sort((a, b) => compare(a.step, b.step) || compare(a.flag, b.flag) || compare(a.direction, b.direction))
  const runbooks = [...sources.values()]
    .sort((a, b) => compare(a.id, b.id))
    .map(({ id, source, digest, encoding }) => {
      const owners = applications.filter(({ runbook }) => runbook === id)
      const owner = owners.length === 1 ? { application: owners[0]!.id } : {}
      return { id, ...owner, source, digest, ...(encoding !== undefined && { encoding }) }
    })
  const content = { applications, flags, links, runbooks }
  return { digest: digestCatalogue(content), ...content }
}

/** Where a file names no runbook, the one with the application's id is it. */
function withRunbook(application: ApplicationFile['application'], sources: RunbookFiles['sources']) {
  if (application.runbook !== undefined || !sources.has(application.id)) return application
  return { ...application, runbook: application.id }
}

/** The document may be too large for the log although each of its files is not. */
export function faultOfSize(document: CatalogueDocument, flagsDir: string): Fault | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(document))
  if (bytes <= MAX_DOCUMENT_BYTES) return undefined
  const largest = document.runbooks.toSorted((a, b) => b.source.length - a.source.length).slice(0, 3)
  const names = largest.map(({ id, source }) => `${id}: ${Math.ceil(source.length / 1024)} KiB`).join(', ')
  return {
    file: shownPath(flagsDir),
    line: 1,
    message: `makes a catalogue of ${(bytes / 1024 / 1024).toFixed(1)} MiB, and it is one entry of the log: at most ${MAX_DOCUMENT_BYTES / 1024 / 1024} MiB; remove or split runbooks (the largest: ${names})`,
  }
}
