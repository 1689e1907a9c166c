// The keys of the log that this instance was given: one signs, all of them are believed. An entry that changes the key makes
// another of them the one that signs.

import { createHmac, hkdfSync, type KeyObject } from 'node:crypto'
import { keyIdOf, publicKeyOf, readPublicKey } from './signature.js'

export type SigningKey = { id: string; key: KeyObject; publicKey: string }

export class LogKeys {
  /** Those with which this instance can sign, as they were given. */
  readonly signing: readonly SigningKey[]
  readonly #believed = new Map<string, KeyObject>()
  #macKey: Buffer | undefined

  /** Private and public keys of Ed25519; the first private one begins a log. */
  constructor(keys: readonly KeyObject[] = []) {
    const all = keys.map(key => {
      const publicKey = publicKeyOf(key)
      return { id: keyIdOf(publicKey), key, publicKey }
    })
    this.signing = all.filter(({ key }) => key.type === 'private')
    for (const { id, publicKey } of all) this.#believed.set(id, readPublicKey(publicKey) as KeyObject)
  }

  /** Without any, nothing can be verified here, and nothing is signed. */
  get isEmpty(): boolean {
    return this.#believed.size === 0
  }

  /** The one that begins a log, or takes it over. */
  get first(): SigningKey | undefined {
    return this.signing[0]
  }

  signer(id: string): SigningKey | undefined {
    return this.signing.find(key => key.id === id)
  }

  /** Marks what this instance keeps on its disk beside the log; undefined without a key. */
  mac(text: string): string | undefined {
    const [key] = this.signing
    if (key === undefined) return undefined
    this.#macKey ??= Buffer.from(
      hkdfSync(
        'sha256',
        key.key.export({ format: 'der', type: 'pkcs8' }),
        '',
        'killswitch checkpoint v1',
        32,
      ),
    )
    return createHmac('sha256', this.#macKey).update(text).digest('base64url')
  }

  believed(id: string): KeyObject | undefined {
    return this.#believed.get(id)
  }
}
