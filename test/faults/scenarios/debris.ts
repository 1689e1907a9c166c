// What a crash leaves at the end of a journal: bytes of no meaning, the start of a line, or nothing at all. No line that was
// synced is harmed, but where the caller asks for it.

import { appendFileSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

const MOST_BYTES = 2_000

/** `mayLose`: the disk may have lost lines it said it had, where a store holds them. */
export function tearJournal(dataDir: string, random: () => number, mayLose = false): void {
  const folder = join(dataDir, 'log')
  const segments = readdirSync(folder).filter(name => name.endsWith('.ndjson'))
  const last = segments.sort().at(-1)
  if (last === undefined) return
  const journal = join(folder, last)
  const bytes = readFileSync(journal)
  if (mayLose && random() < 0.3)
    truncateSync(journal, Math.max(0, bytes.length - Math.floor(random() * MOST_BYTES)))
  else if (random() < 0.75) appendFileSync(journal, debris(bytes, random))
}

/** The kills that are outside the log are in a file of their own. */
export function tearProvisional(dataDir: string, random: () => number): void {
  const line = Buffer.from(
    '{"actor":{"id":"operator","role":"operator","via":"api"},"receivedAt":"2026-11-2\n',
  )
  if (random() < 0.5) appendFileSync(join(dataDir, 'provisional.ndjson'), debris(line, random))
}

function debris(lines: Buffer, random: () => number): Buffer {
  const size = 1 + Math.floor(random() * MOST_BYTES)
  const kind = random()
  // the file was made longer, and what should be there was not written
  if (kind < 0.2) return Buffer.alloc(size)
  if (kind < 0.5) return Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)))
  const line = lines.subarray(0, lines.indexOf(0x0a))
  return line.subarray(0, Math.floor(random() * line.length))
}
