// One look of a witness at one address: takes its checkpoint, has it proved that the log goes on from the one that was
// cosigned last, remembers it, cosigns it, and gives the cosignature back. Stands behind nothing that was not proved.

import type { KeyObject } from 'node:crypto'
import {
  type Checkpoint,
  contradiction,
  leftAt,
  parseCheckpoint,
  type Signed,
} from '../../domain/log/checkpoint.js'
import { cosignatureLine } from '../../domain/log/cosignature.js'
import { followKeyChanges, type Trusted, verifiersOf } from '../../domain/log/key-changes.js'
import { verifyConsistency } from '../../domain/log/merkle.js'
import { parseVerifierKey, type Verifier, verifierKey, verifyNote } from '../../domain/log/note.js'
import type { ConsistencyProof, CosignaturesKept, KeyChanges } from '../../wire/audit.js'
import { type Remembered, type WitnessState, writeState } from '../log/witness-state.js'
import { RefusedError } from '../plumbing/exit.js'
import type { Client } from './client.js'

export type Witness = {
  file: string
  /** Of the log; undefined where the state file says it. */
  key: Verifier | undefined
  name: string
  signing: KeyObject
  /** The epoch whose branch a person accepts here. */
  accept: number | undefined
  now: () => number
}

/**
 * `behind`: the address shows fewer entries than were cosigned. `kept`: by the service; else `problem` says why not.
 */
export type Look =
  | {
      outcome: 'cosigned'
      size: number
      from: number
      isFirst: boolean
      kept: boolean
      note: string
      problem?: string
    }
  | {
      outcome: 'fork' | 'branch' | 'behind' | 'unproved' | 'unsigned'
      problem: string
      notes: string[]
      epoch?: number
    }

export async function lookAt(client: Client, witness: Witness, known: Remembered | undefined): Promise<Look> {
  const { text } = await client.get('/v1/audit/checkpoint', { headers: { accept: 'text/plain' } })
  const seen = parseCheckpoint(text)
  const trusted = seen ? await trustedBy(client, witness, known, seen) : []
  const verdicts = seen
    ? verifiersOf(trusted, seen.checkpoint.size).map(key => verifyNote(seen.note, key))
    : []
  const signature = verdicts.find(verdict => verdict !== 'unknown-key')
  if (seen === undefined || signature !== 'verified') {
    const why = signature === 'forged' ? 'is forged' : 'is not signed with the key of the log'
    return { outcome: 'unsigned', problem: `what it shows as a checkpoint ${why}`, notes: [text] }
  }
  const { checkpoint } = seen
  const objection = known && (await objectionTo(client, witness, known, checkpoint))
  if (objection) return { ...objection, notes: [known.note, text] }
  const state: WitnessState = {
    keys: trusted.map(({ verifier, until }) => ({
      key: textOf(verifier),
      ...(until === undefined ? {} : { until }),
    })),
    note: text,
    branches: [...(known?.branches ?? []), ...branchesOf(known, checkpoint)],
  }
  await writeState(witness.file, state)
  const note = text + cosignatureLine(seen.note, witness.name, witness.signing, witness.now())
  const about = { outcome: 'cosigned', size: checkpoint.size, from: known?.checkpoint.size ?? 0 } as const
  return { ...about, isFirst: known === undefined, note, ...(await give(client, note)) }
}

/**
 * The key given, or remembered, and those that it leads to; the service is asked where none of them signed what it shows. A key
 * given that is remembered as replaced is not believed again.
 */
async function trustedBy(
  client: Client,
  { key }: Witness,
  known: Remembered | undefined,
  seen: Signed,
): Promise<readonly Trusted[]> {
  const remembered = known?.keys.map(each => ({ ...each, verifier: parseVerifierKey(each.key) as Verifier }))
  const isNew = key !== undefined && !remembered?.some(({ verifier }) => verifier.id === key.id)
  const trusted: readonly Trusted[] = isNew ? [{ verifier: key }] : (remembered ?? [])
  const last = trusted.at(-1)
  const isKnown = trusted.some(({ verifier }) => verifyNote(seen.note, verifier) !== 'unknown-key')
  if (last === undefined || isKnown) return trusted
  try {
    const { body } = await client.get<KeyChanges>('/v1/audit/key-changes')
    return [...trusted.slice(0, -1), ...followKeyChanges(last.verifier, body)]
  } catch (error) {
    if (error instanceof RefusedError) return trusted
    throw error
  }
}

const textOf = ({ name, key }: Verifier): string => verifierKey(name, key)

/** Why the checkpoint is not cosigned; undefined where the log goes on from what was cosigned last. */
async function objectionTo(
  client: Client,
  { accept }: Witness,
  known: Remembered,
  seen: Checkpoint,
): Promise<Omit<Exclude<Look, { outcome: 'cosigned' }>, 'notes'> | undefined> {
  const last = known.checkpoint
  if (last.origin !== seen.origin)
    return {
      outcome: 'fork',
      problem: `it shows another log: ${seen.origin}, and ${last.origin} was cosigned`,
    }
  const opening = leftAt(last, seen)
  if (opening) {
    const { epoch, after } = opening
    if (accept === epoch) return undefined
    const where = `epoch ${epoch} was opened after entry ${after.epoch}-${after.seq}`
    const problem = `it left the branch that was cosigned: ${where}, and ${last.size} entries up to ${last.head?.epoch}-${last.head?.seq} were`
    return { outcome: 'branch', problem, epoch }
  }
  if (leftAt(seen, last)) return { outcome: 'behind', problem: 'it shows a branch that the log has left' }
  const wrong = contradiction(last, seen)
  if (wrong !== undefined) return { outcome: seen.size < last.size ? 'behind' : 'fork', problem: wrong }
  return proofProblem(client, last, seen)
}

async function proofProblem(client: Client, last: Checkpoint, seen: Checkpoint) {
  if (last.size === seen.size || last.size === 0) return undefined
  const path = `/v1/audit/consistency?from=${last.size}&to=${seen.size}`
  const what = `what it shows as ${seen.size} entries begins with the ${last.size} that were cosigned`
  try {
    const { body } = await client.get<ConsistencyProof>(path)
    const proof = Array.isArray(body?.proof) ? body.proof.map(hash => Buffer.from(String(hash), 'hex')) : []
    const roots = { firstRoot: last.root, secondRoot: seen.root }
    if (verifyConsistency({ first: last.size, second: seen.size, ...roots, proof })) return undefined
    return { outcome: 'fork', problem: `it does not prove that ${what}` } as const
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return { outcome: 'unproved', problem: `it refuses to prove that ${what}: ${error.message}` } as const
  }
}

const branchesOf = (known: Remembered | undefined, seen: Checkpoint): number[] => {
  const opening = known && leftAt(known.checkpoint, seen)
  return opening ? [opening.epoch] : []
}

/** The service may not know this witness; then the cosignature is printed all the same. */
async function give(client: Client, note: string): Promise<{ kept: boolean; problem?: string }> {
  try {
    const ask = { method: 'POST', body: { checkpoint: note } } as const
    const { body } = await client.ask<CosignaturesKept>('/v1/audit/cosignatures', ask)
    return { kept: body.witnesses.length > 0 }
  } catch (error) {
    if (error instanceof RefusedError) return { kept: false, problem: error.message }
    throw error
  }
}
