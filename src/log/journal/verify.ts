// Recomputes the whole log from its bytes on disk, trusting nothing that was remembered, and reports the first thing
// that does not hold. Reads only.

import { basename } from 'node:path'
import { type Head, hashLine, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { Chain, type ChainHead } from '../../domain/log/chain.js'
import { outOfFiles, outOfFilesIn } from '../../domain/out-of-files.js'
import { type Disk, realDisk, using } from './disk.js'
import type { Journal } from './journal.js'
import { linesFrom, type Segment } from './segment.js'

export type Verification =
  /** `provenTo`: the last place that a head known from elsewhere vouches for; what comes after is unproven. */
  | { ok: true; entries: number; head: ChainHead; provenTo: number }
  /** `line` is 1-based in the file; `after` the place of the last entry that held. */
  | { ok: false; file: string; line: number; after: number; problem: string }

export type VerifyOptions = {
  /** Called with the entries verified so far, every few hundred. */
  onProgress?: (entries: number) => void
  signal?: AbortSignal
  /** Heads this log is known to have had: from another instance, a receipt, an earlier verification. */
  known?: readonly Head[]
  /** Looks at the entries, which chain, as they go by; each says what is wrong. */
  also?: { add(entries: readonly SealedEntry[]): string | undefined; end(): string | undefined }
  disk?: Disk
}

/**
 * Verifies up to the head at the call, and that the log still holds the heads known of it, the saved checkpoint's among
 * them. Goes by chunks, and lets everything else run between them.
 */
export async function verify(journal: Journal, options: VerifyOptions = {}): Promise<Verification> {
  const expected = journal.head
  const segments = journal.segments()
  const saved = await journal.savedCheckpoint()
  const known = [...(options.known ?? []), ...(saved ? [saved.head] : [])].filter(({ seq }) => seq > 0)
  const chain = new Chain()
  let [file, line] = ['log', 0]
  const fail = (problem: string): Verification => ({
    ok: false,
    file,
    line,
    after: placeOf(chain.head),
    problem,
  })
  for (const segment of segments) {
    const found = await verifySegment(chain, segment, options)
    file = basename(segment.file)
    line = found.line
    if (found.problem !== undefined) return fail(found.problem)
  }
  const unsigned = options.also?.end()
  if (unsigned !== undefined) return fail(unsigned)
  if (chain.head.hash !== expected.hash) return fail(`the log ends here, its head was ${nameOf(expected)}`)
  for (const head of known) {
    const stored = await journal.line(placeOf(head))
    if (stored === undefined) return fail(`the log once had ${nameOf(head)}, which is not in it`)
    if (hashLine(stored) !== head.hash)
      return fail(`the log once had another ${nameOf(head)}: it was rewritten`)
  }
  const provenTo = Math.max(0, ...known.map(placeOf))
  return { ok: true, entries: chain.entries, head: chain.head, provenTo }
}

const nameOf = ({ epoch, seq }: Head): string => `entry ${epoch}-${seq}`

async function verifySegment(
  chain: Chain,
  segment: Segment,
  { onProgress, signal, also, disk = realDisk }: VerifyOptions,
): Promise<{ line: number; problem?: string }> {
  let line = 0
  const opened = await disk.open(segment.file, 'r').catch(error => error as Error)
  const outOf = outOfFilesIn(opened)
  if (outOf !== undefined) throw outOfFiles(outOf, opened)
  if (opened instanceof Error) return { line, problem: `it cannot be read: ${opened.message}` }
  return using(opened, async handle => {
    if (!(await handle.stat()).isFile()) return { line, problem: 'it cannot be read: it is no file' }
    let end = 0
    for await (const lines of linesFrom(handle, segment, 0)) {
      signal?.throwIfAborted()
      const entries: SealedEntry[] = []
      for (const { bytes, offset, length } of lines) {
        line++
        const problem = chain.add(bytes)
        if (problem !== undefined) return { line, problem }
        if (line === 1 && placeOf(chain.head) !== segment.first)
          return { line, problem: `its place is ${placeOf(chain.head)}, not that of the file's name` }
        entries.push(chain.last as SealedEntry)
        end = offset + length + 1
      }
      const problem = also?.add(entries)
      if (problem !== undefined) return { line, problem }
      onProgress?.(chain.entries)
    }
    return end === segment.size
      ? { line }
      : { line, problem: `the file was ${segment.size} bytes, it ends at ${end}` }
  })
}
