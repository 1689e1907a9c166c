// Makes sealed entries for tests of stores and journals, and checks a chain.

import assert from 'node:assert/strict'
import {
  type Draft,
  EMPTY,
  type Head,
  hashLine,
  open,
  placeOf,
  type SealedEntry,
  seal,
} from '../../src/domain/log/audit.js'

let serial = 0

const draft = (reason: string): Draft => {
  const at = '2026-11-20T03:00:00.000Z'
  const id = `request-${++serial}`
  return {
    receivedAt: at,
    action: 'kill',
    outcome: 'applied',
    actor: { id: 'dana', role: 'operator', via: 'api' },
    flag: 'ai_v1',
    reason,
    request: { id, key: id, digest: hashLine(id) },
  }
}

/** Entries chained from `head`, one for each reason. */
export function sealAfter(head: Head, ...reasons: string[]): SealedEntry[] {
  let last: Head & { at: string } = { at: '', ...head }
  return reasons.map(reason => {
    const sealed = seal(draft(reason), last, 'test')
    last = { ...headOf(sealed), at: sealed.entry.at }
    return sealed
  })
}

export const headOf = ({ entry: { epoch, seq }, hash }: SealedEntry): Head => ({ epoch, seq, hash })

export const lastHead = (entries: readonly SealedEntry[], otherwise: Head = EMPTY): Head => {
  const last = entries.at(-1)
  return last ? headOf(last) : otherwise
}

/** Each line follows the one before, in place and in hash, without a gap. */
export function assertChain(lines: readonly string[], from: Head = EMPTY): void {
  let head = from
  for (const line of lines) {
    const sealed = open(line)
    assert.equal(sealed.entry.prev, head.hash, `entry ${sealed.entry.seq} is not chained to ${head.seq}`)
    assert.equal(sealed.entry.seq, head.seq + 1)
    assert.ok(placeOf(sealed.entry) > placeOf(head))
    head = headOf(sealed)
  }
}
