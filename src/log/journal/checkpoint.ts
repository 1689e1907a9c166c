// The folded state at a place, so that a start folds only what came after. A short cut, never a source of truth: one
// that is missing, damaged or of another log is as good as none.

import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Head, placeOf } from '../../domain/log/audit.js'
import { type Disk, replaceFile, syncFolder } from './disk.js'

/** `state` is the caller's, who also marks its form. */
export type Checkpoint = { head: Head; state: unknown }

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A file of two lines: `{"v":1,"head":{...},"digest":"<SHA-256 of the second>"}` and the state. */
export async function writeCheckpoint(disk: Disk, file: string, { head, state }: Checkpoint): Promise<void> {
  const body = JSON.stringify(state)
  const { epoch, seq, hash } = head
  const top = JSON.stringify({ v: 1, head: { epoch, seq, hash }, digest: digestOf(body) })
  await replaceFile(disk, file, Buffer.from(`${top}\n${body}\n`))
}

/** One of a branch that is left is no state of this log: a start would look for its head in vain. */
export async function dropCheckpoint(disk: Disk, file: string, afterPlace: number): Promise<void> {
  const saved = await readCheckpoint(file)
  if (saved === undefined || placeOf(saved.head) <= afterPlace) return
  await rm(file)
  await syncFolder(disk, dirname(file))
}

/** Undefined where there is none that is whole. Whether the log still has its head is for the caller to ask. */
export async function readCheckpoint(file: string): Promise<Checkpoint | undefined> {
  try {
    const [top = '', body = ''] = (await readFile(file, 'utf8')).split('\n')
    const { v, head, digest } = JSON.parse(top) as { v: number; head: Head; digest: string }
    if (v !== 1 || typeof head.hash !== 'string' || digest !== digestOf(body)) return undefined
    return { head, state: JSON.parse(body) as unknown }
  } catch {
    return undefined
  }
}
