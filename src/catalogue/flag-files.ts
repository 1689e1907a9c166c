// Reads the `*.yaml` files of a flags directory, each one application. What a file says is read in application.ts; here
// it is whether there is a readable text file at all.

import type { Fault } from '../domain/catalogue/catalogue.js'
import { type ApplicationFile, FILE_ID, readApplication } from './application.js'
import {
  type FoundFile,
  findFiles,
  lineNotUtf8,
  lineWithNul,
  readBytes,
  shownPath,
  unreadable,
} from './files.js'

/** A catalogue file of one application is some ten KiB. */
const MAX_FILE_BYTES = 256 * 1024

export type FlagFile = { name: string; shown: string; read: ApplicationFile }

/** Every file in the order of names; faults of the directory and of unreadable files go to `faults`. */
export async function readFlagFiles(flagsDir: string, faults: Fault[]): Promise<FlagFile[]> {
  const shown = shownPath(flagsDir)
  const found = await findFiles(flagsDir, /\.ya?ml$/i).catch((error: unknown) => {
    faults.push({
      file: shown,
      line: 1,
      message: `${unreadable(error)} (the flags directory, KILLSWITCH_FLAGS_DIR)`,
    })
    return undefined
  })
  if (found === undefined) return []
  if (found.files.length + found.faults.length === 0) {
    faults.push({
      file: shown,
      line: 1,
      message:
        'holds no catalogue file: write one `<application>.yaml` for each application, or name another directory (KILLSWITCH_FLAGS_DIR)',
    })
  }
  faults.push(...found.faults)
  const read: FlagFile[] = []
  for (const file of found.files) {
    const application = await readFlagFile(file, faults)
    if (application !== undefined) read.push({ name: file.name, shown: file.shown, read: application })
  }
  return read
}

async function readFlagFile(file: FoundFile, faults: Fault[]): Promise<ApplicationFile | undefined> {
  const refuse = (line: number, message: string) => {
    faults.push({ file: file.shown, line, message })
    return undefined
  }
  const id = file.name.replace(/\.ya?ml$/, '')
  if (!FILE_ID.test(id)) {
    return refuse(
      1,
      "gives no application id, which is the file's name: small letters, digits, `_` and `-`, then .yaml; rename it",
    )
  }
  if (file.size > MAX_FILE_BYTES) {
    return refuse(
      1,
      `is ${Math.ceil(file.size / 1024)} KiB long: at most ${MAX_FILE_BYTES / 1024} KiB; split the application`,
    )
  }
  try {
    const bytes = await readBytes(file)
    const foreign = lineNotUtf8(bytes)
    if (foreign !== undefined)
      return refuse(foreign, 'holds bytes that are not UTF-8: save the file as UTF-8')
    const nul = lineWithNul(bytes)
    if (nul !== undefined) return refuse(nul, 'holds a NUL byte: the file is damaged or not text; restore it')
    return readApplication(id, bytes.toString('utf8'), file.shown, file.name)
  } catch (error) {
    return refuse(1, unreadable(error))
  }
}
