// Reads an export from disk: its lines in portions, and what an examination says of them. Shares nothing with the service's
// way of writing or reading the log but the pure rules.

import type { KeyObject } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { type Checkpoint, parseCheckpoint, type Signed } from '../../domain/log/checkpoint.js'
import { Commits, type CommitsFound } from '../../domain/log/commits.js'
import { Comparison } from '../../domain/log/comparison.js'
import { Examination, type Fault } from '../../domain/log/examination.js'
import { parseVerifierKey, type Verifier } from '../../domain/log/note.js'
import { UsageError } from '../plumbing/exit.js'

const CHUNK = 1024 * 1024
const NEWLINE = 0x0a

/** Whole lines without their newlines, as many as one read brings; what comes after the last newline is `rest`. */
export async function* portionsOf(file: string): AsyncGenerator<{ lines: Buffer[]; rest: Buffer }> {
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      const lines: Buffer[] = []
      let start = 0
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        lines.push(bytes.subarray(start, end))
        start = end + 1
      }
      rest = bytes.subarray(start)
      yield { lines, rest }
    }
  } catch (error) {
    throw unreadable(file, error)
  }
}

/** Examines the whole file, up to the first fault. */
export async function examine(
  file: string,
  checkpoints: readonly Checkpoint[],
  key?: KeyObject,
): Promise<Examined> {
  const found = await examineWith(file, checkpoints, new Commits(key))
  // where the last signature does not hold, each is looked at, to name the first
  return found.fault?.kind === 'unsigned' && key !== undefined
    ? examineWith(file, checkpoints, new Commits(key, true))
    : found
}

async function examineWith(
  file: string,
  checkpoints: readonly Checkpoint[],
  commits: Commits,
): Promise<Examined> {
  await assertExport(file)
  const examination = new Examination(checkpoints.map(({ size }) => size))
  let last: Buffer = Buffer.alloc(0)
  for await (const { lines, rest } of portionsOf(file)) {
    last = rest
    for (const line of lines) {
      const fault = examination.add(line) ?? commits.take(line)
      if (fault !== undefined) return { examination, fault, commits: commits.found, trusted: commits.trusted }
    }
  }
  const fault = examination.end(last, checkpoints) ?? commits.end()
  return { examination, fault, commits: commits.found, trusted: commits.trusted }
}

type Examined = {
  examination: Examination
  fault: Fault | undefined
  /** How the log is signed; absent where it is not. */
  commits: CommitsFound | undefined
  /** The key that was given, and those that it leads to. */
  trusted: readonly KeyObject[]
}

/** How far two exports are the same. */
export async function compare(file: string, other: string): Promise<Comparison> {
  const comparison = new Comparison()
  const handles: FileHandle[] = []
  try {
    for (const each of [file, other]) handles.push(await opened(each))
    const [one, two] = handles as [FileHandle, FileHandle]
    for (let offset = 0; ; offset += CHUNK) {
      const portions = [await readAt(one, offset), await readAt(two, offset)] as const
      if (!comparison.add(...portions)) return comparison
    }
  } finally {
    await Promise.all(handles.map(handle => handle.close()))
  }
}

const opened = (file: string): Promise<FileHandle> =>
  open(file).catch(error => {
    throw unreadable(file, error)
  })

/** As much as is asked for, but at the end of the file. */
async function readAt(handle: FileHandle, offset: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(CHUNK)
  let done = 0
  while (done < CHUNK) {
    const { bytesRead } = await handle.read(bytes, done, CHUNK - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

/** Throws for what was never an export of the log, and says what it is instead. */
async function assertExport(file: string): Promise<void> {
  const begins = await firstBytes(file)
  const text = begins.toString()
  const wrong = begins.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))
    ? 'is compressed: unpack it first (gunzip)'
    : begins.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))
      ? 'is compressed: unpack it first (zstd -d)'
      : text.startsWith('\ufeff')
        ? 'begins with a byte order mark, which no log does: something has converted it. Take the export again'
        : text.startsWith('{"entries":')
          ? 'is an answer of the API, one page long. Take it with: killswitch audit export -o <file>'
          : /^"?[A-Za-z_]+"?[,;\t]/.test(text)
            ? 'is no NDJSON. A CSV cannot be verified: take it with killswitch audit export -o <file>, without --format csv'
            : undefined
  if (wrong !== undefined) throw new UsageError(`${file} ${wrong}.`)
}

async function firstBytes(file: string): Promise<Buffer> {
  try {
    const handle = await open(file)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw unreadable(file, error)
  }
}

export async function readCheckpoint(file: string): Promise<Signed> {
  const found = parseCheckpoint(await readText(file))
  if (found) return found
  throw new UsageError(
    `${file} is no checkpoint: it is the answer of GET /v1/audit/checkpoint, a signed note.`,
  )
}

/** The key itself, or a file with it. */
export async function readKey(given: string): Promise<Verifier> {
  const found = parseVerifierKey(given) ?? parseVerifierKey(await readText(given))
  if (found) return found
  throw new UsageError(
    `${given} is no public key of a log: the service says it at its start, as <name>+<id>+<key>, and in the header ` +
      'killswitch-log-key of GET /v1/audit/checkpoint.',
  )
}

export const readText = async (file: string): Promise<string> => (await readBytes(file)).toString()

export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw unreadable(file, error)
  }
}

const unreadable = (file: string, error: unknown): UsageError =>
  new UsageError(
    `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
  )
