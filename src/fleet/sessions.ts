// The sessions of app instances. The secret of one is made of what it is for, by a key that the instances of the service
// share: whoever has it speaks for that instance alone, and any instance of the service can check it without a store.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Whose a session is: the token it was opened with (SHA-256, hex), the application, the name it was given. */
export type Owner = { credential: string; app: string; instance: string }

export class Sessions {
  readonly #environment: string
  readonly #keys: () => readonly Buffer[]

  /** `keys`: the newest first; sessions of the others are still good. */
  constructor(environment: string, keys: () => readonly Buffer[]) {
    this.#environment = environment
    this.#keys = keys
  }

  /** The same process that asks again, here or at another instance of the service, has the same session, by whatever name. */
  idOf({ credential, app }: Owner, process: string): string {
    return digest(['session', credential, app, process])
  }

  secretOf(id: string, owner: Owner): string {
    return `${id}.${this.#mac(this.#keys()[0] as Buffer, id, owner)}`
  }

  /** The id of the session, if the secret is of this service and of this owner. */
  idIn(secret: string, owner: Owner): string | undefined {
    const [id = '', mac = '', ...more] = secret.split('.')
    if (more.length > 0 || !ID.test(id)) return undefined
    const given = Buffer.from(mac)
    const isOurs = this.#keys().some(key => {
      const expected = Buffer.from(this.#mac(key, id, owner))
      return expected.length === given.length && timingSafeEqual(expected, given)
    })
    return isOurs ? id : undefined
  }

  #mac(key: Buffer, id: string, { credential, app, instance }: Owner): string {
    return createHmac('sha256', key)
      .update(JSON.stringify(['killswitch session v1', this.#environment, credential, app, instance, id]))
      .digest('base64url')
  }
}

/** The id of an instance without a session: all it has is its name. */
export const idOfName = (app: string, instance: string): string => `~${digest(['name', app, instance])}`

/** Who claims a session that is not its own learns nothing by it: the id alone opens nothing. */
export const idOfSecret = (secret: string): string => secret.split('.', 1)[0] ?? ''

const ID = /^[A-Za-z0-9_-]{22}$/

const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
