// The credentials this service knows: a file of hashes, read again when it changes. A secret itself is never kept here,
// never logged, and authentication needs no store.

import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { type Actor, reaches } from '../domain/actor.js'
import { describeFault, type Fault } from '../domain/catalogue/catalogue.js'
import { parseTime } from '../domain/clock.js'
import { KillswitchError } from '../domain/errors.js'
import { outOfFiles, outOfFilesIn } from '../domain/out-of-files.js'
import type { Credential as WhoMayWhat } from '../wire/credentials.js'
import { LIMITS, type Limit, ROLES, type Role } from '../wire/words.js'

/** What one stored hash stands for. `sha256`, in hex, names it among those of the same actor. */
export type Credential = { outcome: 'known'; actor: Actor; sha256: string; expires?: number }

export type Identified = Credential | { outcome: 'unknown' } | { outcome: 'expired'; id: string; at: number }

export class Tokens {
  readonly #byHash = new Map<string, Credential>()

  /** `text` as a tokens file has it; `file` is named in faults. Throws `configuration` with every fault. */
  static parse(text: string, file: string): Tokens {
    const { tokens, passedOver } = Tokens.#parse(text, file)
    if (passedOver.length > 0) throw faulty(passedOver)
    return tokens
  }

  /**
   * For a start: what an older version took is no reason to start without the rest. Entries with a reserved id are left out
   * and members without an effect are passed over; `passedOver` says which. Throws `configuration` with every other fault.
   */
  static parseAtStart(text: string, file: string): { tokens: Tokens; passedOver: Fault[] } {
    return Tokens.#parse(text, file)
  }

  static async read(file: string): Promise<Tokens> {
    return Tokens.parse(await readTokensFile(file), file)
  }

  static async readAtStart(file: string): Promise<{ tokens: Tokens; passedOver: Fault[] }> {
    return Tokens.parseAtStart(await readTokensFile(file), file)
  }

  static #parse(text: string, file: string): { tokens: Tokens; passedOver: Fault[] } {
    const counter = new LineCounter()
    const document = parseDocument(text, { lineCounter: counter, schema: 'core', prettyErrors: false })
    const faults: Fault[] = document.errors.map(({ pos, message }) => ({
      file,
      line: counter.linePos(pos[0]).line,
      message,
    }))
    const tokens = new Tokens()
    const passedOver: Fault[] = []
    const list = faults.length === 0 ? plain(document, file, faults) : []
    if (!Array.isArray(list))
      faults.push({
        file,
        line: 1,
        message: 'this is not a list: give one "- { id: ..., role: ..., sha256: ... }" per credential.',
      })
    else {
      const seen = new Set<string>()
      for (const [index, item] of list.entries()) {
        const offset = (document.getIn([index], true) as { range?: [number] } | undefined)?.range?.[0] ?? 0
        const { line } = counter.linePos(offset)
        faults.push(...faultsOf(item, seen).map(message => ({ file, line, message })))
        if (faults.length > 0) continue
        const entry = item as TokenEntry
        passedOver.push(...vainIn(entry).map(message => ({ file, line, message })))
        if (!isReserved(entry.id)) tokens.#add(entry)
      }
    }
    if (faults.length > 0) throw faulty([...faults, ...passedOver])
    return { tokens, passedOver }
  }

  /** Adds the sealed credential that may kill anything and do nothing else. */
  withBreakGlass(sha256: string): this {
    this.#remember({ id: BREAK_GLASS, role: 'owner', only: 'kill' }, sha256)
    return this
  }

  /** The lookup is by the token's hash: what its timing could tell is nothing one can find a token by. */
  identify(token: string, now: number): Identified {
    const found = this.#byHash.get(hash('sha256', token))
    if (found === undefined) return { outcome: 'unknown' }
    const { expires, actor } = found
    if (expires !== undefined && expires <= now) return { outcome: 'expired', id: actor.id, at: expires }
    return found
  }

  /** The credentials of an actor that are good now: one, or two while its token is being replaced. */
  credentialsOf(id: string, now: number): Credential[] {
    return [...this.#byHash.values()].filter(
      ({ actor, expires }) => actor.id === id && (expires === undefined || expires > now),
    )
  }

  /** By its stored hash; undefined where it is revoked or expired. */
  credential(sha256: string, now: number): Credential | undefined {
    const found = this.#byHash.get(sha256)
    return found?.expires !== undefined && found.expires <= now ? undefined : found
  }

  /** Who may what, by id; nothing of the tokens but how many there are. */
  get list(): WhoMayWhat[] {
    const found = new Map<string, WhoMayWhat>()
    for (const { actor, expires } of this.#byHash.values()) {
      const { id, role, only, apps } = actor
      const tokens = (found.get(id)?.tokens ?? 0) + 1
      found.set(id, {
        ...{ id, role, tokens },
        ...(only === undefined ? {} : { only }),
        ...(apps === undefined ? {} : { apps: [...apps].sort() }),
        ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
      })
    }
    return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1))
  }

  /** The stored hashes of an actor, in order. */
  hashesOf(id: string): string[] {
    return [...this.#byHash.values()].flatMap(({ actor, sha256 }) => (actor.id === id ? [sha256] : [])).sort()
  }

  /** Every stored hash, in order. */
  get hashes(): string[] {
    return [...this.#byHash.keys()].sort()
  }

  /** Whose they are. */
  get actors(): string[] {
    return [...new Set([...this.#byHash.values()].map(({ actor }) => actor.id))]
  }

  get size(): number {
    return this.#byHash.size
  }

  #add({ id, role, sha256, expires, apps, only }: TokenEntry): void {
    const actor = {
      id,
      role,
      ...(apps === undefined || role !== 'sdk' ? {} : { apps }),
      ...(only === undefined ? {} : { only }),
    }
    for (const each of [sha256].flat())
      this.#remember(actor, each, expires === undefined ? undefined : parseTime(expires))
  }

  #remember(given: Omit<Actor, 'via'>, hashed: string, expires?: number): void {
    const sha256 = hashed.toLowerCase()
    const actor: Actor = Object.freeze({ ...given, via: 'api' })
    this.#byHash.set(sha256, {
      outcome: 'known',
      actor,
      sha256,
      ...(expires === undefined ? {} : { expires }),
    })
  }
}

/** Aliases are a fault like any other: a credential is read where it stands. */
function plain(document: Document, file: string, faults: Fault[]): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (error) {
    faults.push({ file, line: 1, message: (error as Error).message })
    return []
  }
}

type TokenEntry = {
  id: string
  role: Role
  sha256: string | string[]
  expires?: string
  apps?: string[]
  only?: Limit
}
const MEMBERS = ['id', 'role', 'sha256', 'expires', 'apps', 'only', 'note']
const isText = (value: unknown): value is string => typeof value === 'string'

/** As whom the log has the sealed credential, and the service itself. */
const BREAK_GLASS = 'break-glass'
const RESERVED = [BREAK_GLASS, 'killswitch']
const isReserved = (id: string): boolean => RESERVED.includes(id.toLowerCase())

/** What of a valid entry would mislead: a name that others act under, a limit that limits nothing. */
function vainIn({ id, role, apps, only }: TokenEntry): string[] {
  const found: string[] = []
  if (isReserved(id))
    found.push(`id "${id}" is reserved: the log has the service's own acts under it. Give another id.`)
  if (apps !== undefined && role !== 'sdk')
    found.push(
      `apps limits credentials of role sdk alone, and "${id}" has role ${role}: leave apps out, it would do nothing.`,
    )
  if (only === 'kill' && !reaches(role, 'operator'))
    found.push(`only: kill is of a role that may kill, and ${role} may not: give "${id}" operator or higher.`)
  return found
}

const faulty = (faults: Fault[]): KillswitchError =>
  new KillswitchError('configuration', faults.map(describeFault).join('\n'), { faults })

const readTokensFile = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch(error => {
    const outOf = outOfFilesIn(error)
    if (outOf !== undefined) throw outOfFiles(outOf, error)
    throw new KillswitchError(
      'configuration',
      `The tokens file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): give its path in KILLSWITCH_TOKENS_FILE.`,
    )
  })

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
    'sha256: give one or two values of 64 hex digits (printf %s "$TOKEN" | sha256sum | cut -c 1-64).',
  )
  check(
    expires === undefined || (isText(expires) && parseTime(expires) !== undefined),
    'expires: give an RFC 3339 time with its zone, in quotes, such as "2027-01-31T00:00:00Z".',
  )
  check(
    apps === undefined || (Array.isArray(apps) && apps.length > 0 && apps.every(isText)),
    'apps: give a list of application names.',
  )
  check(only === undefined || LIMITS.includes(only as Limit), `only: give one of ${LIMITS.join(', ')}.`)
  check(
    only !== 'evaluate' || role === 'sdk',
    'only: evaluate is of role sdk: a page shows its token to everybody.',
  )
  for (const hash of hashes.filter(isText)) {
    // two names for one secret: the log would name the wrong one
    check(
      !seen.has(hash.toLowerCase()),
      `sha256 ${hash.slice(0, 8)}... stands here twice: give each credential a token of its own.`,
    )
    seen.add(hash.toLowerCase())
  }
  for (const name of Object.keys(item))
    check(MEMBERS.includes(name), `"${name}" is not a member of a credential: ${MEMBERS.join(', ')}.`)
  return faults
}
