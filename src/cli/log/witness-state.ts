// What a witness remembers of the log, in a file of its own: the checkpoint that it cosigned last. Replaced all at once and on the
// disk before the cosignature leaves this machine, so that no witness stands behind less than it once did.

import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Checkpoint, parseCheckpoint } from '../../domain/log/checkpoint.js'
import { parseVerifierKey } from '../../domain/log/note.js'
import { UsageError } from '../plumbing/exit.js'

/**
 * `keys`: the log's public keys, oldest first; one that was replaced signs no log of more than `until` entries. `branches`: epochs
 * whose branch a person has accepted here.
 */
export type WitnessState = { keys: { key: string; until?: number }[]; note: string; branches: number[] }
export type Remembered = WitnessState & { checkpoint: Checkpoint }

/** Undefined where there is none yet. Throws a `UsageError` for a file that is none of ours: it would forget what was cosigned. */
export async function readState(file: string): Promise<Remembered | undefined> {
  const text = await readFile(file, 'utf8').catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}.`)
  })
  if (text === undefined) return undefined
  const { v, key, keys = [{ key }], note, branches } = parsed(text) ?? {}
  const signed = typeof note === 'string' ? parseCheckpoint(note) : undefined
  if (v === 1 && signed && areKeys(keys) && isNumbers(branches))
    return { keys, note: note as string, branches, checkpoint: signed.checkpoint }
  throw new UsageError(
    `${file} is not a state file of "killswitch audit witness": put back the right one. A new one begins anew, and vouches ` +
      'for nothing of before.',
  )
}

const areKeys = (value: unknown): value is WitnessState['keys'] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(
    ({ key, until = 0 }) =>
      typeof key === 'string' && parseVerifierKey(key) !== undefined && Number.isSafeInteger(until),
  )

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(each => Number.isSafeInteger(each))

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}

/** Durable when it resolves. */
export async function writeState(file: string, { keys, note, branches }: WitnessState): Promise<void> {
  const part = `${file}.part`
  try {
    const handle = await open(part, 'w', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify({ v: 1, keys, note, branches })}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(part, file)
    const folder = await open(dirname(file), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${(error as Error).message}.`)
  }
}
