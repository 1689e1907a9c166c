// Seals drafts, and signs the last of a commit with the key that signs the log. What begins a log, and what names another
// key, is signed by itself.

import { type Draft, type Entry, type SealedEntry, seal } from '../../domain/log/audit.js'
import type { LogKeys, SigningKey } from '../../domain/log/log-keys.js'
import { isOfKey, isSigned, keyIdOf, signSealed } from '../../domain/log/signature.js'
import type { State } from '../../domain/state.js'

/** The first entry of a log names the key that signs it. */
const begunBy = (key: SigningKey | undefined): Pick<Draft, 'signing'> =>
  key === undefined ? {} : { signing: { key: key.publicKey, after: { place: 0, hash: '' } } }

export class Sealer {
  readonly #keys: LogKeys
  readonly #environment: string

  constructor(keys: LogKeys, environment: string) {
    this.#keys = keys
    this.#environment = environment
  }

  /** After `state`, in its epoch or a later one. */
  seal(draft: Draft, state: State, epoch?: number): SealedEntry {
    const { first } = this.#keys
    // while the log is not signed, an instance says that it would
    const signs = state.signing === undefined && state.log !== undefined ? first?.id : undefined
    const said = {
      ...draft,
      ...(signs === undefined ? {} : { signs }),
      ...(state.log === undefined ? begunBy(first) : {}),
    }
    const sealed = seal(said, state.head, this.#environment, epoch)
    if (state.log !== undefined && !isOfKey(sealed.entry)) return sealed
    const key = this.#keyFor(sealed.entry, state)
    return key === undefined ? sealed : signSealed(sealed, this.#in(state), key)
  }

  /** Signs the last of the entries, in its place. `after`: the state with it. Returns the id of a key that was not given. */
  end(entries: SealedEntry[], after: State): string | undefined {
    const last = entries.at(-1)
    if (last === undefined || after.signing === undefined || isSigned(last.line)) return undefined
    const key = this.#keys.signer(after.signing.keyId)
    if (key === undefined) return after.signing.keyId
    entries[entries.length - 1] = signSealed(last, this.#in(after), key)
    return undefined
  }

  /** Where the key before is lost, the new one signs that it is. */
  #keyFor({ signing: named }: Entry, { signing }: State): SigningKey | undefined {
    if (named?.lost) return this.#keys.signer(keyIdOf(named.key))
    return signing === undefined ? this.#keys.first : this.#keys.signer(signing.keyId)
  }

  #in({ log = '' }: State): { environment: string; log: string } {
    return { environment: this.#environment, log }
  }
}
