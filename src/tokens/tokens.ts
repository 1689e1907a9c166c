// The credentials this service knows: a file of hashes, read again when it changes. A secret itself is never kept here,
// never logged, and authentication needs no store.

import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { LineCounter, parseDocument } from 'yaml'
import { type Actor, ROLES, type Role } from '../domain/actor.js'
import { KillswitchError } from '../domain/errors.js'

type Credential = Omit<Actor, 'via'> & { expires?: number }

export type Identified =
  | { outcome: 'known'; actor: Omit<Actor, 'via'> }
  | { outcome: 'unknown' }
  | { outcome: 'expired'; id: string; at: number }

export class Tokens {
  readonly #byHash = new Map<string, { credential: Credential; hash: Buffer }>()

  /** `entries` as a tokens file has them; `file` is named in faults. Throws `configuration` with every fault. */
  static parse(text: string, file: string): Tokens {
    const counter = new LineCounter()
    const document = parseDocument(text, { lineCounter: counter, schema: 'core' })
    const faults = document.errors.map(
      error => `${file}:${counter.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}`,
    )
    const tokens = new Tokens()
    const list: unknown = faults.length === 0 ? document.toJS({ maxAliasCount: 0 }) : []
    if (!Array.isArray(list))
      faults.push(
        `${file}:1: this is not a list: give one "- { id: ..., role: ..., sha256: ... }" per credential.`,
      )
    else {
      const seen = new Set<string>()
      for (const [index, item] of list.entries()) {
        const offset = (document.getIn([index], true) as { range?: [number] } | undefined)?.range?.[0] ?? 0
        const at = `${file}:${counter.linePos(offset).line}`
        faults.push(...faultsOf(item, seen).map(fault => `${at}: ${fault}`))
        if (faults.length === 0) tokens.#add(item as TokenEntry)
      }
    }
    if (faults.length > 0) throw new KillswitchError('configuration', faults.join('\n'))
    return tokens
  }

  static async read(file: string): Promise<Tokens> {
    const text = await readFile(file, 'utf8').catch(error => {
      throw new KillswitchError(
        'configuration',
        `The tokens file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): give its path in KILLSWITCH_TOKENS_FILE.`,
      )
    })
    return Tokens.parse(text, file)
  }

  /** Adds the sealed credential that may kill anything and do nothing else. */
  withBreakGlass(sha256: string): this {
    this.#remember({ id: 'break-glass', role: 'owner', only: 'kill' }, sha256)
    return this
  }

  identify(token: string, now: number): Identified {
    const hash = createHash('sha256').update(token).digest()
    const found = this.#byHash.get(hash.toString('hex'))
    if (found === undefined || !timingSafeEqual(found.hash, hash)) return { outcome: 'unknown' }
    const { expires, ...actor } = found.credential
    if (expires !== undefined && expires <= now) return { outcome: 'expired', id: actor.id, at: expires }
    return { outcome: 'known', actor }
  }

  get size(): number {
    return this.#byHash.size
  }

  #add({ id, role, sha256, expires, apps, only }: TokenEntry): void {
    const credential: Credential = {
      id,
      role,
      ...(expires === undefined ? {} : { expires: Date.parse(expires) }),
      ...(apps === undefined ? {} : { apps }),
      ...(only === undefined ? {} : { only }),
    }
    for (const hash of [sha256].flat()) this.#remember(credential, hash)
  }

  #remember(credential: Credential, sha256: string): void {
    const hash = Buffer.from(sha256, 'hex')
    this.#byHash.set(hash.toString('hex'), { credential, hash })
  }
}

type TokenEntry = {
  id: string
  role: Role
  sha256: string | string[]
  expires?: string
  apps?: string[]
  only?: 'kill'
}
const MEMBERS = ['id', 'role', 'sha256', 'expires', 'apps', 'only', 'note']
const isText = (value: unknown): value is string => typeof value === 'string'

function faultsOf(item: unknown, seen: Set<string>): string[] {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return ['give a mapping: { id, role, sha256 }.']
  const { id, role, sha256, expires, apps, only } = item as Record<string, unknown>
  const faults: string[] = []
  const check = (ok: boolean, fault: string) => {
    if (!ok) faults.push(fault)
  }
  const hashes = [sha256].flat()
  check(
    isText(id) && /^[\w.@-]{1,64}$/.test(id),
    'id: give 1 to 64 letters, digits, dots, dashes, underscores or @ (a person or a service).',
  )
  check(
    !seen.has(String(id)),
    `id "${String(id)}" stands here twice: give two values in one sha256 list to rotate a token.`,
  )
  seen.add(String(id))
  check(ROLES.includes(role as Role), `role "${String(role)}": give one of ${ROLES.join(', ')}.`)
  check(
    hashes.length >= 1 &&
      hashes.length <= 2 &&
      hashes.every(hash => isText(hash) && /^[0-9a-f]{64}$/i.test(hash)),
    'sha256: give one or two values of 64 hex digits (printf %s "$TOKEN" | sha256sum).',
  )
  check(
    expires === undefined ||
      (isText(expires) && /^\d{4}-\d\d-\d\d/.test(expires) && !Number.isNaN(Date.parse(expires))),
    'expires: give an RFC 3339 time in quotes, such as "2027-01-31T00:00:00Z".',
  )
  check(
    apps === undefined || (Array.isArray(apps) && apps.length > 0 && apps.every(isText)),
    'apps: give a list of application names.',
  )
  check(only === undefined || only === 'kill', 'only: the one value is "kill".')
  for (const name of Object.keys(item))
    check(MEMBERS.includes(name), `"${name}" is not a member of a credential: ${MEMBERS.join(', ')}.`)
  return faults
}
