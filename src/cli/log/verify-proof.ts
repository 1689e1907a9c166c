// killswitch audit verify-proof: whether one entry is in the log that a checkpoint signs, from the proof alone. Offline.

import type { Command } from 'commander'
import { entryId, placeOf } from '../../domain/log/audit.js'
import { parseEntry } from '../../domain/log/chain.js'
import { parseCheckpoint } from '../../domain/log/checkpoint.js'
import { leafHash, verifyInclusion } from '../../domain/log/merkle.js'
import { type Verifier, verifyNote } from '../../domain/log/note.js'
import { visibleIn } from '../../text/terminal.js'
import type { InclusionProof } from '../../wire/audit.js'
import { type Cli, isJson } from '../plumbing/context.js'
import { EXIT, UsageError } from '../plumbing/exit.js'
import type { Style } from '../print/style.js'
import { readBytes, readKey, readText } from './export-file.js'

/** What is checked; the leaf's hash is computed from the line. */
type Proof = Omit<InclusionProof, 'leafHash'>
type Verdict = {
  ok: boolean
  place: number
  size: number
  origin?: string
  signature?: 'verified' | 'unchecked'
  problem?: string
}

export function auditVerifyProofVerb(group: Command, cli: Cli): void {
  group
    .command('verify-proof')
    .argument('<proof>', 'a file with the answer of GET /v1/audit/<entry>/proof')
    .argument('<line>', "a file with the entry's stored line: GET /v1/audit/<entry> as application/x-ndjson")
    .description('Checks offline that one entry is in the log that a checkpoint signs.')
    .option('--key <key>', "the log's public key, or a file with it: the checkpoint must be signed by it")
    .addHelpText('after', '\nExample:\n  killswitch audit verify-proof 42.proof 42.ndjson --key log.pub')
    .action(async (proof: string, line: string, { key }: { key?: string }, command: Command) => {
      const verifier = key === undefined ? undefined : await readKey(key)
      const verdict = judge(
        readProof(await readText(proof), proof),
        withoutNewline(await readBytes(line)),
        verifier,
      )
      cli.exit = verdict.ok ? EXIT.done : EXIT.refused
      if (isJson(command)) cli.terminal.json(JSON.stringify(verdict))
      else cli.terminal.out(sentence(visibleIn(verdict), cli.terminal.style))
    })
}

function judge(
  { place, index, size, proof, checkpoint }: Proof,
  line: Buffer,
  key: Verifier | undefined,
): Verdict {
  const not = (problem: string): Verdict => ({ ok: false, place, size, problem })
  const entry = parseEntry(line.toString())
  if (entry === undefined) return not('the line is not an entry')
  if (placeOf(entry) !== place) return not(`the line is of entry ${entryId(placeOf(entry))}`)
  const signed = parseCheckpoint(checkpoint)
  if (signed === undefined) return not('its checkpoint is none')
  const { root, size: signedSize, origin } = signed.checkpoint
  if (signedSize !== size) return not(`its checkpoint is of ${signedSize} entries, the proof of ${size}`)
  const signature = key === undefined ? 'unchecked' : verifyNote(signed.note, key)
  if (signature === 'forged') return not('the signature of its checkpoint does not hold: it is forged')
  if (signature === 'unknown-key') return not('its checkpoint is not signed with this key')
  const hashes = proof.map(hash => Buffer.from(hash, 'hex'))
  if (!verifyInclusion({ index, size, leaf: leafHash(line), proof: hashes, root }))
    return not('this very line is not in the tree that the checkpoint signs')
  return { ok: true, place, size, origin, signature }
}

function readProof(text: string, file: string): Proof {
  const found = parsed(text) as Partial<Proof> | undefined
  const isWhole =
    Number.isSafeInteger(found?.place) &&
    Number.isSafeInteger(found?.index) &&
    Number.isSafeInteger(found?.size) &&
    typeof found?.checkpoint === 'string' &&
    Array.isArray(found.proof) &&
    found.proof.every(hash => typeof hash === 'string')
  if (isWhole) return found as Proof
  throw new UsageError(`${file} is no proof: it is the answer of GET /v1/audit/<entry>/proof.`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}

const withoutNewline = (bytes: Buffer): Buffer => (bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes)

function sentence({ ok, place, size, origin, signature, problem }: Verdict, style: Style): string {
  if (!ok) return `${style.red(style.bold('NOT OK'))}  entry ${entryId(place)}: ${problem}.`
  const by = signature === 'verified' ? `signed by ${origin}` : `${origin}; signature not checked: give --key`
  return `${style.green(style.bold('ok'))}  entry ${entryId(place)} is in the log of ${size} entries (${by})`
}
