// Reads a flags directory and its runbooks into one document, or tells every fault at once. It publishes nothing: what
// is in force is decided by the log.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '../domain/catalogue/catalogue.js'
import type { CatalogueDocument } from '../wire/catalogue.js'
import { faultsAcross } from './across.js'
import { assemble, faultOfSize } from './assemble.js'
import { sortFaults } from './faults.js'
import { shownPath, unreadable } from './files.js'
import { readFlagFiles } from './flag-files.js'
import { type RunbookFiles, readRunbookFiles } from './runbook-files.js'

export type CatalogueDirectories = {
  flagsDir: string
  /** Further runbooks; one with the id of a runbook of the catalogue takes its place. */
  runbooksDir?: string | undefined
}

/** Where things were written, for messages; not in the document, which knows no directories. */
export type CataloguePlaces = {
  flags: ReadonlyMap<string, { file: string; line: number }>
  /** File of each runbook by id. */
  runbooks: ReadonlyMap<string, string>
  /** The directory's name before the file of a link. */
  linkFiles: ReadonlyMap<string, string>
}

export type LoadedCatalogue = {
  /** Undefined where there is a fault. */
  document: CatalogueDocument | undefined
  /** By file and line. */
  faults: Fault[]
  places: CataloguePlaces
}

/** Whatever is wrong with a directory or a file is a fault. Throws `out-of-files`. */
export async function loadCatalogue({
  flagsDir,
  runbooksDir,
}: CatalogueDirectories): Promise<LoadedCatalogue> {
  const faults: Fault[] = []
  const files = await readFlagFiles(flagsDir, faults)
  const isWhole = faults.length === 0 && files.every(({ read }) => read.keys.size > 0)
  const runbooks = await readRunbooks(flagsDir, runbooksDir, faults)
  faults.push(...files.flatMap(({ read }) => read.faults), ...faultsAcross(files, isWhole))
  const applications = files.map(({ read }) => read)
  const places: CataloguePlaces = {
    flags: new Map(
      files.flatMap(({ read, shown }) => [...read.keys].map(([key, line]) => [key, { file: shown, line }])),
    ),
    runbooks: new Map([...runbooks].map(([id, { shown }]) => [id, shown])),
    linkFiles: new Map(files.map(({ name, shown }) => [name, shown])),
  }
  const document = faults.length === 0 ? assemble(applications, runbooks) : undefined
  const tooLarge = document === undefined ? undefined : faultOfSize(document, flagsDir)
  if (tooLarge === undefined) return { document, faults: sortFaults(faults), places }
  return { document: undefined, faults: [tooLarge], places }
}

async function readRunbooks(
  flagsDir: string,
  runbooksDir: string | undefined,
  faults: Fault[],
): Promise<RunbookFiles['sources']> {
  const sources: RunbookFiles['sources'] = new Map()
  const own = join(flagsDir, 'runbooks')
  const directories = [
    ...((await exists(own)) ? [own] : []),
    ...(runbooksDir === undefined ? [] : [runbooksDir]),
  ]
  for (const directory of directories) {
    const read = await readRunbookFiles(directory).catch((error: unknown) => {
      const what = directory === runbooksDir ? ' (the runbooks directory, KILLSWITCH_RUNBOOKS_DIR)' : ''
      faults.push({ file: shownPath(directory), line: 1, message: `${unreadable(error)}${what}` })
      return undefined
    })
    faults.push(...(read?.faults ?? []))
    for (const [id, source] of read?.sources ?? []) sources.set(id, source)
  }
  return sources
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  )
