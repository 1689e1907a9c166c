// What a crash may have left at the end of the last segment. Cuts off a torn write, and keeps the bytes; must never cut
// a line that was whole once, since it may be an acknowledged kill: there it refuses, and says what to do.

import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { placeOf } from '../../domain/audit.js'
import { Chain, type ChainHead, NO_ENTRY, parseEntry } from '../../domain/chain.js'
import { by, KillswitchError } from '../../domain/errors.js'
import { type Disk, type Log, readFully, replaceFile, using } from './disk.js'

const NEWLINE = 0x0a

/**
 * Examines a segment from its first byte to its last, and makes what holds of it durable. Returns its size and last
 * entry; size 0 where nothing in it was ever whole.
 */
export async function recoverSegment(
  disk: Disk,
  file: string,
  first: number,
  log: Log,
): Promise<{ size: number; head: ChainHead }> {
  const handle = await disk.open(file, 'r+')
  return using(handle, async () => {
    const bytes = await readFully(handle, 0, (await handle.stat()).size)
    const { size, head, lines, problem } = examine(bytes, first)
    const tail = bytes.subarray(size)
    if (tail.length > 0) {
      if (holdsEntry(tail)) throw damaged(file, lines + 1, size, problem)
      const kept = await keepCut(disk, file, size, tail, log)
      log('the journal ended in a torn write, which was cut off', {
        file: basename(file),
        line: lines + 1,
        offset: size,
        bytes: tail.length,
        problem,
        kept,
      })
      await handle.truncate(size)
    }
    await handle.datasync()
    return { size, head }
  })
}

/** The whole lines from the start that chain. What the first one follows is another segment's matter. */
function examine(bytes: Buffer, first: number) {
  let chain = new Chain()
  let size = 0
  let lines = 0
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
  }
  return { size, lines, problem, head: lines === 0 ? NO_ENTRY : chain.head }
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

function damaged(file: string, line: number, offset: number, problem: string): KillswitchError {
  return new KillswitchError(
    'journal-broken',
    `The journal is damaged at line ${line} of ${file} (byte ${offset}): ${problem}, and whole entries stand there or ` +
      'after it, which starting now would lose. Nothing was changed.',
    {
      file,
      line,
      offset,
      wayOut: [
        by('Put the file back from a copy.'),
        by(
          'Or, where a Redis or another instance holds the log, move this data folder aside: it is filled again at the start.',
        ),
        by(
          `Only if neither exists, cut the file to ${offset} bytes, having kept a copy: that loses what comes after.`,
        ),
      ],
    },
  )
}
