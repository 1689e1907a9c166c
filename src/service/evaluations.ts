// What OFREP answers, as bytes: made when it is first asked for and kept until the state changes. Only what depends on a
// context is worked out per request, and that is chosen among answers that are ready too.

import { hash } from 'node:crypto'
import { isStatic, metadataOf, type Resolution, resolveStatic } from '../domain/catalogue/evaluate.js'
import { nearKeys } from '../domain/catalogue/near-key.js'
import { type FlagState, INITIAL, type State } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { FlagValue } from '../wire/words.js'
import { evaluateTargeting } from './targeting.js'

export type Context = Record<string, unknown>
/** `etag` is strong and quoted: over every byte of `body`. */
export type Bulk = { body: string; etag: string }
export type Single = { body: string; application: string }

/** What is told beside a flag's value. */
type Metadata = Resolution['metadata']
type Tell = (metadata: Metadata) => Metadata

/** A page tells everybody: what its user is to be told, and nothing of the owner, the roles or the incident. */
export const forPages: Tell = ({ killed, message }) => ({
  ...(killed === undefined ? {} : { killed }),
  ...(message === undefined ? {} : { message }),
})
const forApps: Tell = metadata => metadata

/** So many bulk answers (per credential and address) are kept per revision. */
const KEPT = 1_000

export class Evaluations {
  readonly #log: LogState
  readonly #environment: string
  readonly #tell: Tell
  #state: State = INITIAL
  #answers = new Map<string, Prepared>()
  #bulks = new Map<string, Bulk>()

  constructor(log: LogState, environment: string, tell = forApps) {
    this.#log = log
    this.#environment = environment
    this.#tell = tell
  }

  /** The answer for one flag; undefined where there is none, or where the applications given do not include its own. */
  single(key: string, apps: readonly string[] | undefined, context: Context): Single | undefined {
    this.#refresh()
    const prepared = this.#answer(key)
    if (prepared === undefined || (apps !== undefined && !apps.includes(prepared.application)))
      return undefined
    return { body: prepared.answer(context), application: prepared.application }
  }

  has(key: string): boolean {
    return this.#log.known.flags.has(key)
  }

  /** The keys that one which is not there may have been meant to be, among those of the applications given. */
  near(key: string, apps: readonly string[] | undefined): string[] {
    const { flags } = this.#log.known
    return nearKeys(flags, key).filter(
      each => apps?.includes(flags.get(each)!.definition.application) ?? true,
    )
  }

  /** The answer for every flag of the applications given (all, where undefined). `streams` is JSON. */
  bulk(apps: readonly string[] | undefined, context: Context, streams: string): Bulk {
    this.#refresh()
    const flags = this.#answersOf(apps)
    if (flags.some(flag => !flag.isStatic)) return this.#assemble(apps, flags, context, streams)
    const name = `${apps?.join() ?? '*'}\n${streams}`
    const known = this.#bulks.get(name)
    if (known !== undefined) return known
    const made = this.#assemble(apps, flags, context, streams)
    if (this.#bulks.size >= KEPT) this.#bulks.clear()
    this.#bulks.set(name, made)
    return made
  }

  #assemble(apps: readonly string[] | undefined, flags: Prepared[], context: Context, streams: string): Bulk {
    const { revision, log = '' } = this.#state
    const { flagSetId, ...about } = {
      flagSetId: apps?.join() ?? this.#environment,
      environment: this.#environment,
      revision,
      log,
    }
    const metadata = JSON.stringify({ flagSetId, ...this.#tell(about) })
    const answers = flags.map(flag => flag.answer(context)).join()
    const body = `{"flags":[${answers}],"metadata":${metadata},"eventStreams":${streams}}`
    return { body, etag: `"${hash('sha256', body, 'base64url')}"` }
  }

  #answersOf(apps: readonly string[] | undefined): Prepared[] {
    const found: Prepared[] = []
    for (const [key, { definition }] of this.#state.flags) {
      if (apps === undefined || apps.includes(definition.application))
        found.push(this.#answer(key) as Prepared)
    }
    return found
  }

  #answer(key: string): Prepared | undefined {
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const flag = this.#state.flags.get(key)
    if (flag === undefined) return undefined
    const made = new Prepared(flag, this.#state.revision, this.#tell)
    this.#answers.set(key, made)
    return made
  }

  #refresh(): void {
    const state = this.#log.known
    if (state === this.#state) return
    const { flags, revision, log } = this.#state
    this.#state = state
    if (state.flags === flags && state.revision === revision && state.log === log) return
    this.#answers = new Map()
    this.#bulks = new Map()
  }
}

/** One flag's answers at a revision. */
class Prepared {
  readonly isStatic: boolean
  readonly #flag: FlagState
  readonly #revision: number
  readonly #tell: Tell
  /** By reason and variant: a targeted flag has no more answers than these. */
  readonly #bodies = new Map<string, string>()

  constructor(flag: FlagState, revision: number, tell: Tell) {
    this.isStatic = isStatic(flag)
    this.#flag = flag
    this.#revision = revision
    this.#tell = tell
  }

  get application(): string {
    return this.#flag.definition.application
  }

  answer(context: Context): string {
    if (this.isStatic) return this.#static()
    const { definition } = this.#flag
    const { variant, value, reason } = evaluateTargeting(definition, context)
    const name = `${reason}\n${variant}`
    const known = this.#bodies.get(name)
    if (known !== undefined) return known
    const metadata = metadataOf(definition, this.#flag, this.#revision)
    return this.#keep(name, { value, variant, reason, metadata })
  }

  #static(): string {
    return this.#bodies.get('') ?? this.#keep('', resolveStatic(this.#flag, this.#revision))
  }

  #keep(name: string, resolution: Resolution): string {
    const { value, variant, reason } = resolution
    const metadata = this.#tell(resolution.metadata)
    const { key, variants } = this.#flag.definition
    const rest = JSON.stringify({ reason: REASONS[reason], variant, metadata }).slice(1)
    const body = `{"key":${JSON.stringify(key)},"value":${textOf(value, variants)},${rest}`
    this.#bodies.set(name, body)
    return body
  }
}

/**
 * Java's and Python's providers tell 1 from 1.0, and give a caller who asks for a fraction its own default where an integer
 * comes: of a flag with a fractional variant, the kill value 0 is 0.0.
 */
function textOf(value: FlagValue, variants: Readonly<Record<string, FlagValue>>): string {
  const text = JSON.stringify(value)
  if (!Number.isInteger(value) || !/^-?\d+$/.test(text)) return text
  return Object.values(variants).every(Number.isInteger) ? text : `${text}.0`
}

/** OFREP 0.3 knows no DEFAULT: its list is STATIC, TARGETING_MATCH, SPLIT, DISABLED, UNKNOWN. */
const REASONS = { STATIC: 'STATIC', TARGETING_MATCH: 'TARGETING_MATCH', DEFAULT: 'UNKNOWN' } as const
