// A log whose key was changed, in memory, with what a service tells of it.

import { type Draft, hashLine, type SealedEntry, seal } from '../../src/domain/log/audit.js'
import { originOf, signCheckpoint } from '../../src/domain/log/checkpoint.js'
import type { SigningKey } from '../../src/domain/log/log-keys.js'
import { leafHash } from '../../src/domain/log/merkle.js'
import { signSealed } from '../../src/domain/log/signature.js'
import type { KeyChanges } from '../../src/wire/audit.js'
import { anActor, aRequest } from './domain.js'
import { inclusionOf, rootOf } from './trees.js'

export const ENVIRONMENT = 'test'

/** `by` signs the entry that names `to`. */
export type Change = { by: SigningKey; to: SigningKey; lost?: true }

/** The lines: an entry, then one for each change, with an entry behind it. */
export function changedLog(first: SigningKey, changes: readonly Change[]): string[] {
  const entries: SealedEntry[] = []
  const add = (draft: Partial<Draft>, by: SigningKey) => {
    const whole: Draft = {
      ...{ action: 'incident.noted', outcome: 'applied', receivedAt: '2026-11-30T00:00:00.000Z' },
      ...{ actor: anActor('owner'), request: aRequest(), ...draft },
    }
    const last = entries.at(-1)
    const head = { epoch: 0, seq: last?.entry.seq ?? 0, hash: last?.hash ?? '', at: '' }
    const at = { environment: ENVIRONMENT, log: entries[0]?.hash ?? '' }
    entries.push(signSealed(seal(whole, head, ENVIRONMENT), at, by))
  }
  add({}, first)
  for (const { by, to, lost } of changes) {
    const signing = { key: to.publicKey, after: { place: 0, hash: '' }, ...(lost ? { lost } : {}) }
    add({ action: 'log.rekeyed', signing }, by)
    add({}, to)
  }
  return entries.map(({ line }) => line)
}

export const logOf = (lines: readonly string[]): string => hashLine(lines[0] ?? '')

/** Of its first lines. */
export const checkpointOf = (lines: readonly string[], key: SigningKey, size = lines.length): string =>
  signCheckpoint(
    {
      ...{ origin: originOf(ENVIRONMENT, logOf(lines)), size, root: rootOf(lines, size) },
      openings: [],
      time: '2026-11-30T00:00:00Z',
    },
    key.key,
  )

/** What a service says that signs with the newest key. */
export function keyChangesOf(lines: readonly string[], newest: SigningKey): KeyChanges {
  const checkpoint = checkpointOf(lines, newest)
  const at = [...lines.keys()].filter(index => lines[index]?.includes('"log.rekeyed"'))
  return {
    environment: ENVIRONMENT,
    log: logOf(lines),
    changes: at.map(index => {
      const line = lines[index] as string
      const leaf = leafHash(line).toString('hex')
      const about = { place: index + 1, index, size: lines.length, leafHash: leaf }
      return { line, proof: { ...about, proof: inclusionOf(lines, index), checkpoint } }
    }),
  }
}
