// The cosignatures that witnesses gave of this log's checkpoints, in memory: a witness comes again within a minute. Only those of
// the witnesses that are configured are kept, and only where they hold. Nothing waits for them.

import type { Clock } from '../../domain/clock.js'
import { badInput, by } from '../../domain/errors.js'
import { type Checkpoint, parseCheckpoint, type Signed } from '../../domain/log/checkpoint.js'
import {
  type Cosigner,
  cosignatureOf,
  WITNESSED_FOR_MS,
  type Witnesses,
} from '../../domain/log/cosignature.js'
import { lineOf, parseVerifierKey, verifyNote } from '../../domain/log/note.js'
import type { CosignaturesKept } from '../../wire/audit.js'

/** One checkpoint, and the line of each witness that has cosigned it: the newest of each. */
type Cosigned = { signed: Signed; lines: Map<Cosigner, { line: string; at: number }>; text: string }

const MOST = 8

export class Cosignatures {
  readonly #witnesses: Witnesses
  readonly #clock: Clock
  /** By the text that was signed, oldest first. */
  readonly #kept = new Map<string, Cosigned>()

  constructor(witnesses: Witnesses, clock: Clock) {
    this.#witnesses = witnesses
    this.#clock = clock
  }

  /** Throws `malformed-request` for a note that this log did not sign, or that no witness of ours cosigned. */
  keep(text: string, verifierKey: string | undefined): CosignaturesKept {
    const signed = parseCheckpoint(text)
    const own = verifierKey === undefined ? undefined : parseVerifierKey(verifierKey)
    if (signed === undefined || own === undefined || verifyNote(signed.note, own) !== 'verified')
      throw refused('is no checkpoint that is signed with the key of this log')
    const found = this.#witnesses.cosigners.flatMap(cosigner => {
      const given = cosignatureOf(signed.note, cosigner)
      const isYoung = given !== undefined && Math.abs(this.#clock() - given.at) <= WITNESSED_FOR_MS
      return isYoung ? [{ cosigner, ...given }] : []
    })
    if (found.length === 0)
      throw refused('has no cosignature of the last ten minutes by a witness that is configured here')
    const kept = this.#kept.get(signed.note.text) ?? { signed, lines: new Map(), text: '' }
    for (const { cosigner, at, line } of found)
      if ((kept.lines.get(cosigner)?.at ?? 0) <= at) kept.lines.set(cosigner, { line, at })
    kept.text = withLines(kept)
    this.#kept.delete(signed.note.text)
    this.#kept.set(signed.note.text, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST) this.#kept.delete(oldest as string)
    return { size: signed.checkpoint.size, witnesses: found.map(({ cosigner }) => cosigner.name) }
  }

  /** The newest checkpoint that enough witnesses stand behind, with their lines; undefined where there is none. */
  get newest(): string | undefined {
    const { quorum } = this.#witnesses
    return [...this.#kept.values()].findLast(kept => this.#standing(kept) >= quorum)?.text
  }

  /** The note with what witnesses said of it; or of the same tree, signed at an earlier hour, in its place. */
  with(text: string): string {
    const asked = this.#kept.size === 0 ? undefined : parseCheckpoint(text)?.checkpoint
    if (asked === undefined) return text
    const isOf = ({ size, root }: Checkpoint) => size === asked.size && root.equals(asked.root)
    const found = [...this.#kept.values()].findLast(
      kept => isOf(kept.signed.checkpoint) && this.#standing(kept) > 0,
    )
    return found?.text ?? text
  }

  #standing({ lines }: Cosigned): number {
    const now = this.#clock()
    return [...lines.values()].filter(({ at }) => Math.abs(now - at) <= WITNESSED_FOR_MS).length
  }
}

/** The log's own signature first. */
function withLines({ signed: { note, checkpoint }, lines }: Cosigned): string {
  const own = note.signatures.filter(({ name }) => name === checkpoint.origin).map(lineOf)
  return `${note.text}\n${[...own, ...[...lines.values()].map(({ line }) => line)].join('')}`
}

const refused = (problem: string) =>
  badInput(
    { in: 'body', path: 'body.checkpoint', problem },
    `The checkpoint ${problem}.`,
    by(
      'Send a checkpoint of this service with the cosignature of a witness that KILLSWITCH_WITNESSES names.',
    ),
  )
