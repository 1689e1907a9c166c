// What a crash may have left at the end of the last segment. Cuts off a torn write, and keeps the bytes; must never cut
// a line that was whole once, since it may be an acknowledged kill: that is damage, and nothing is changed.

import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { placeOf } from '../../domain/log/audit.js'
import { Chain, type ChainHead, NO_ENTRY, parseEntry } from '../../domain/log/chain.js'
import { isSigned, SIGNATURE_LENGTH } from '../../domain/log/signature.js'
import { outOfFiles, outOfFilesIn } from '../../domain/out-of-files.js'
import { type Disk, type Handle, type Log, readFully, replaceFile, using } from './disk.js'

const NEWLINE = 0x0a

/**
 * Examines a segment from its first byte to its last, and makes what holds of it durable. Returns its size and last
 * entry; size 0 where nothing in it was ever whole. Of a log that is signed nothing stays behind the last signed line: a
 * crash tore that commit, and nobody was told of it. `isSignedBefore`: the segment before ends with a signed line. Throws
 * `DamagedSegment`.
 */
export async function recoverSegment(
  disk: Disk,
  file: string,
  first: number,
  log: Log,
  isSignedBefore = false,
): Promise<{ size: number; head: ChainHead }> {
  const { handle, bytes } = await opened(disk, file)
  return using(handle, async () => {
    const { whole, signed = isSignedBefore ? NOTHING : undefined, problem } = examine(bytes, first)
    if (holdsEntry(bytes.subarray(whole.size))) throw damaged(file, whole.lines + 1, whole.size, problem)
    const { size, head, lines } = signed ?? whole
    const tail = bytes.subarray(size)
    if (tail.length > 0) {
      const kept = await keepCut(disk, file, size, tail, log)
      log('the journal ended in a torn write, which was cut off', {
        file: basename(file),
        line: lines + 1,
        offset: size,
        bytes: tail.length,
        problem: size < whole.size ? 'the commit was not written to its signed end' : problem,
        kept,
      })
      await handle.truncate(size)
    }
    await handle.datasync()
    return { size, head }
  })
}

/** Where it cannot be read it is damaged: nobody can say what was in it. */
async function opened(disk: Disk, file: string): Promise<{ handle: Handle; bytes: Buffer }> {
  let handle: Handle | undefined
  try {
    handle = await disk.open(file, 'r+')
    return { handle, bytes: await readFully(handle, 0, (await handle.stat()).size) }
  } catch (error) {
    await handle?.close()
    const outOf = outOfFilesIn(error)
    if (outOf !== undefined) throw outOfFiles(outOf, error)
    throw new DamagedSegment(`${basename(file)} cannot be read: ${(error as Error).message}`, error)
  }
}

type Part = { size: number; lines: number; head: ChainHead }
const NOTHING: Part = { size: 0, lines: 0, head: NO_ENTRY }

/**
 * `whole`: the whole lines from the start that chain. `signed`: those of them up to the last that is signed, where one is.
 * What the first one follows is another segment's matter.
 */
function examine(bytes: Buffer, first: number): { whole: Part; signed?: Part; problem: string } {
  let chain = new Chain()
  let size = 0
  let lines = 0
  let signed: Part | undefined
  let problem = 'the line has no end'
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, size)) {
    const line = bytes.subarray(size, end)
    if (lines === 0) chain = new Chain(beforeFirst(line))
    const wrong = chain.add(line)
    const isMisplaced = lines === 0 && wrong === undefined && placeOf(chain.head) !== first
    if (wrong !== undefined || isMisplaced) {
      problem = wrong ?? `its place is ${placeOf(chain.head)}, not that of the file's name`
      break
    }
    size = end + 1
    lines++
    if (isSigned(line.toString('latin1', Math.max(0, line.length - SIGNATURE_LENGTH))))
      signed = { size, lines, head: chain.head }
  }
  const whole = lines === 0 ? NOTHING : { size, lines, head: chain.head }
  return { whole, problem, ...(signed === undefined ? {} : { signed }) }
}

function beforeFirst(line: Buffer): ChainHead {
  const entry = parseEntry(line.toString())
  return entry === undefined ? NO_ENTRY : { epoch: 0, seq: 0, hash: entry.prev, at: '' }
}

/** Whether there is any whole line in the bytes that is an entry: no torn write leaves one that does not chain. */
function holdsEntry(tail: Buffer): boolean {
  let start = 0
  for (let end = tail.indexOf(NEWLINE); end !== -1; end = tail.indexOf(NEWLINE, start)) {
    if (parseEntry(tail.toString('utf8', start, end)) !== undefined) return true
    start = end + 1
  }
  return false
}

/** A full disk must not keep the service down: then the bytes are not kept, and that is said. */
async function keepCut(disk: Disk, file: string, offset: number, bytes: Buffer, log: Log) {
  const folder = join(dirname(dirname(file)), 'cut')
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  const name = `${basename(file, '.ndjson')}-${offset}-${digest}`
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await replaceFile(disk, join(folder, name), bytes)
    return join('cut', name)
  } catch (error) {
    log('the bytes cut off could not be kept', { reason: String(error) })
    return undefined
  }
}

/** The message is a clause: what is wrong, and where. */
export class DamagedSegment extends Error {
  constructor(problem: string, cause?: unknown) {
    super(problem, { cause })
  }
}

const damaged = (file: string, line: number, offset: number, problem: string): DamagedSegment =>
  new DamagedSegment(
    `${basename(file)} is damaged at line ${line} (byte ${offset}): ${problem}, and whole entries stand there or after it`,
  )
