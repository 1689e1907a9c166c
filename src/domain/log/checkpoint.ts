// A checkpoint: how long the log is and the root of its Merkle tree, as c2sp.org/tlog-checkpoint has it, with what makes a
// failover no alarm. Whoever keeps one can tell later whether the log still holds everything it held then.
//
//     killswitch/production/9f2c51d04a8be377       origin: the environment, and the log by its name's first 16 digits
//     120                                          entries
//     CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= RFC 6962 root over their lines
//     head 1-120 8a1f...                           the last entry: its place (epoch 1) and its hash
//     epoch 1 after 0-104 51d04a8be3779f2c         epoch 1 was opened after entry 0-104: what once stood behind that one
//                                                  in epoch 0 is an abandoned branch
//     time 2026-11-20T03:00:00Z                    when it was signed, by the clock of the instance that signed it

import type { KeyObject } from 'node:crypto'
import { type Head, placeOf } from './audit.js'
import { type Note, parseNote, signNote } from './note.js'

/** The opening of an epoch, and the entry before it. `hash`: its first 16 digits. */
export type Opening = { epoch: number; after: { epoch: number; seq: number; hash: string } }

export type Checkpoint = {
  origin: string
  size: number
  root: Buffer
  /** Of the last entry; absent in a checkpoint that is not one of ours. */
  head?: Head
  /** Oldest first. */
  openings: Opening[]
  /** When it was signed: RFC 3339, UTC. Absent in older ones. Says nothing of the log, and is compared with nothing. */
  time?: string
}

export type Signed = { checkpoint: Checkpoint; note: Note }

const PLACE = String.raw`(\d{1,9})-(\d{1,10})`
const HEAD = new RegExp(`^head ${PLACE} ([0-9a-f]{64})$`)
const EPOCH = new RegExp(`^epoch (\\d{1,9}) after ${PLACE} ([0-9a-f]{16})$`)
const TIME = /^time (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)$/

/** The name of a log: one key may sign for several. */
export const originOf = (environment: string, log: string): string =>
  `killswitch/${environment}/${log.slice(0, 16)}`

export function checkpointText({ origin, size, root, head, openings, time }: Checkpoint): string {
  const lines = [origin, String(size), root.toString('base64')]
  if (head) lines.push(`head ${head.epoch}-${head.seq} ${head.hash}`)
  for (const { epoch, after } of openings)
    lines.push(`epoch ${epoch} after ${after.epoch}-${after.seq} ${after.hash.slice(0, 16)}`)
  if (time !== undefined) lines.push(`time ${time}`)
  return `${lines.join('\n')}\n`
}

/** The signed note; the key's name is the origin. */
export const signCheckpoint = (checkpoint: Checkpoint, key: KeyObject): string =>
  signNote(checkpointText(checkpoint), checkpoint.origin, key)

/** Reads a signed note as a checkpoint, without verifying the signature; undefined where it is none. */
export function parseCheckpoint(text: string): Signed | undefined {
  const note = parseNote(text)
  const [origin = '', size = '', root = '', ...extensions] = note?.text.slice(0, -1).split('\n') ?? []
  const bytes = Buffer.from(root, 'base64')
  if (note === undefined || origin === '' || extensions.includes('')) return undefined
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || bytes.length !== 32 || bytes.toString('base64') !== root)
    return undefined
  const head = extensions.map(line => HEAD.exec(line)).find(found => found !== null)
  const openings = extensions.map(line => EPOCH.exec(line)).filter(found => found !== null)
  const time = extensions.map(line => TIME.exec(line)?.[1]).find(found => found !== undefined)
  return {
    note,
    checkpoint: {
      origin,
      size: Number(size),
      root: bytes,
      openings: openings.map(openingOf),
      ...(head ? { head: { epoch: Number(head[1]), seq: Number(head[2]), hash: head[3] as string } } : {}),
      ...(time === undefined ? {} : { time }),
    },
  }
}

const openingOf = ([, epoch, afterEpoch, seq, hash = '']: RegExpExecArray): Opening => ({
  epoch: Number(epoch),
  after: { epoch: Number(afterEpoch), seq: Number(seq), hash },
})

/**
 * Whether a log that signs `checkpoint` has left the branch that an entry stood on: its epoch ended before that entry, or
 * was never one of this log's, and a later one was opened. Then that the log does not hold it is a failover, not a fork.
 */
export function isAbandoned(at: { epoch: number; seq: number }, { head, openings }: Checkpoint): boolean {
  if (head === undefined || at.epoch >= head.epoch) return false
  const end = openings.find(({ after }) => after.epoch === at.epoch)?.after
  return end === undefined ? openings.length > 0 : placeOf(at) > placeOf(end)
}

/** Where a log that shows `seen` left the branch that `known` was signed on; undefined where it did not. */
export function leftAt({ head }: Checkpoint, seen: Checkpoint): Opening | undefined {
  if (head === undefined || !isAbandoned(head, seen)) return undefined
  return seen.openings.find(({ after, epoch }) => after.epoch === head.epoch || epoch > head.epoch)
}

/**
 * What is wrong where a log has shown `known` and shows `seen` now; undefined where nothing is. Only what a witness with
 * neither log nor key can tell: two trees of one size, and a tree that shrank without a branch to explain it.
 */
export function contradiction(known: Checkpoint, seen: Checkpoint): string | undefined {
  if (known.origin !== seen.origin || seen.size > known.size) return undefined
  if (seen.size === known.size && seen.root.equals(known.root)) return undefined
  if (known.head !== undefined && isAbandoned(known.head, seen)) return undefined
  const [one, other] = [show(known), show(seen)]
  return seen.size === known.size
    ? `two trees of ${seen.size} entries: ${one}, and now ${other}`
    : `the log shrank from ${known.size} to ${seen.size} entries: ${one}, and now ${other}`
}

const show = ({ root, head }: Checkpoint): string =>
  `root ${root.toString('hex').slice(0, 16)}${head ? ` at ${head.epoch}-${head.seq}` : ''}`
