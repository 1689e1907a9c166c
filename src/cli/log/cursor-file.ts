// The file that keeps a relay's place: replaced in one step, so that a crash leaves the old place or the new one.

import { open, readFile, rename } from 'node:fs/promises'
import { UsageError } from '../plumbing/exit.js'

/** The last entry that was delivered: its place, and its time. */
export type Position = { place: number; at?: string }

/** Throws a `UsageError` for a file that is none of ours: starting anew by itself could lose or repeat entries. */
export async function readCursor(file: string): Promise<Position | undefined> {
  const text = await readFile(file, 'utf8').catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}.`)
  })
  if (text === undefined) return undefined
  try {
    const { place, at } = JSON.parse(text) as Partial<Position>
    if (Number.isSafeInteger(place) && (at === undefined || !Number.isNaN(Date.parse(at))))
      return { place: place as number, ...(at === undefined ? {} : { at }) }
  } catch {
    // said below
  }
  throw new UsageError(
    `${file} is not a cursor file of "killswitch audit tail": name another file, or remove it to begin anew.`,
  )
}

export async function writeCursor(file: string, position: Position): Promise<void> {
  const part = `${file}.part`
  try {
    const handle = await open(part, 'w', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(position)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(part, file)
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${(error as Error).message}.`)
  }
}
