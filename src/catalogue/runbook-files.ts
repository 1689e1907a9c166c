// Reads a directory of runbooks into the catalogue's document. A runbook is taken as it is: only a name that gives no
// id, or a file that cannot be read at all, is a fault. It does not look into the Markdown.

import { createHash } from 'node:crypto'
import type { Fault } from '../domain/catalogue/catalogue.js'
import type { RunbookSource } from '../wire/catalogue.js'
import { FILE_ID } from './application.js'
import { decode } from './encodings.js'
import { quote } from './faults.js'
import { type FoundFile, findFiles, hashFile, readBytes, unreadable } from './files.js'

/** More is not a runbook, and every line of it would be in the log. */
const MAX_RUNBOOK_BYTES = 512 * 1024

export type RunbookFiles = { sources: Map<string, RunbookSource & { shown: string }>; faults: Fault[] }

/** Every `*.md` but README.md, whose name is kept for people. The file's name gives the runbook's id. */
export async function readRunbookFiles(directory: string): Promise<RunbookFiles> {
  const { files, faults } = await findFiles(directory, /\.md$/i)
  const sources: RunbookFiles['sources'] = new Map()
  for (const file of files.filter(({ name }) => name.toLowerCase() !== 'readme.md')) {
    const id = idOf(file.name)
    const other = sources.get(id)
    if (!FILE_ID.test(id) || other) {
      faults.push({ file: file.shown, line: 1, message: other ? sameName(id, other.shown) : BAD_NAME })
      continue
    }
    try {
      sources.set(id, { id, ...(await readSource(file)), shown: file.shown })
    } catch (error) {
      faults.push({ file: file.shown, line: 1, message: unreadable(error) })
    }
  }
  return { sources, faults }
}

/** The name without its ending, written as an id: `DB Outage (v2).md` is `db-outage-v2`. */
function idOf(name: string): string {
  const id = name.slice(0, -'.md'.length)
  if (FILE_ID.test(id)) return id
  return id
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, 64)
    .replace(/-+$/, '')
}

const BAD_NAME =
  'gives no runbook id, which is made of the letters a to z and digits of the file\'s name: rename it, for example to "payments.md"'

const sameName = (id: string, other: string): string =>
  `would be the runbook ${quote(id)}, as ${other} is already: rename one of the two`

/** The digest is of the bytes on disk. Of a file that is not UTF-8 it is of the text that was read. */
async function readSource(file: FoundFile): Promise<Pick<RunbookSource, 'source' | 'digest' | 'encoding'>> {
  if (file.size > MAX_RUNBOOK_BYTES) return { source: placeholder(file), digest: await hashFile(file) }
  const { text, encoding } = decode(await readBytes(file))
  const source = text ?? notText(file, encoding)
  return { source, digest: sha256(source), ...(encoding !== undefined && { encoding }) }
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What stands in the document instead: whoever opens the runbook at night is told where it is. */
const placeholder = (file: FoundFile): string =>
  `# ${file.name.slice(0, -'.md'.length)}\n\nThis runbook is ${Math.ceil(file.size / 1024)} KiB long, over the ${MAX_RUNBOOK_BYTES / 1024} KiB that are read. Its text is in the file only. Split it to have its steps here.\n`

const notText = (file: FoundFile, kind = 'no text'): string =>
  `# ${file.name.slice(0, -'.md'.length)}\n\nThis file is ${kind}, and holds no text that can be shown here.\n`

/** Whether only a placeholder is in the document: its digest is of another text. */
export const isTooLarge = (runbook: RunbookSource): boolean => sha256(runbook.source) !== runbook.digest
