// Reads what OFREP clients send: the context of the body, what a change notice named, and the address they came by.

import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import secureJson from 'secure-json-parse'
import { badInput, KillswitchError } from '../../domain/errors.js'
import { provisionalId } from '../../domain/flip/provisional.js'
import type { State } from '../../domain/state.js'
import type { LogState } from '../../log/state.js'
import type { Context } from '../../service/evaluations.js'
import { notJson } from '../plumbing/errors.js'
import { Turns } from '../plumbing/turns.js'
import { invalidContext } from './ofrep-errors.js'

const NO_CONTEXT: Context = Object.freeze({})

/** An app may put a whole profile into its context: far more than any other request here needs. */
const BODY_LIMIT = 1024 * 1024
/** Larger ones take turns: everybody has a page's token, and a thousand of these at once would keep a kill waiting. */
const SMALL = 1024

/**
 * JSON in valid UTF-8, said to be so or of no said type. Keys that would reach a prototype are taken out and not refused:
 * whatever an app puts into its context, refusing the request would give the caller its own default, and un-kill the flag.
 */
export function acceptContexts(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  const options = { parseAs: 'buffer', bodyLimit: BODY_LIMIT } as const
  const turns = new Turns()
  scope.addContentTypeParser<Buffer>('*', options, ({ headers }, bytes, done) => {
    const read = () => {
      try {
        if (!/^\s*$|\bjson\b/i.test(headers['content-type'] ?? '')) throw notJson()
        done(null, parse(bytes))
      } catch (error) {
        done(error as Error)
      }
    }
    if (bytes.length <= SMALL) read()
    else turns.take(read)
  })
}

/** What could name a prototype, spelled out or escaped; also a byte order mark, which JSON.parse does not take. */
const SUSPECT = /\\u|__proto__|constructor|^\ufeff/
const REMOVE = { protoAction: 'remove', constructorAction: 'remove' } as const

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  if (!isUtf8(bytes)) throw unreadable('it is not valid UTF-8')
  const text = bytes.toString()
  try {
    return SUSPECT.test(text) ? secureJson.parse(text, REMOVE) : JSON.parse(text)
  } catch (error) {
    throw unreadable((error as Error).message)
  }
}

const unreadable = (why: string): KillswitchError =>
  badInput(
    { in: 'body', path: 'body', rule: 'json', problem: 'is no JSON' },
    `The body cannot be taken as JSON: ${why}.`,
  )

/** The evaluation context; empty where there is none. A missing targetingKey is no fault: rules that need it do not match. */
export function contextOf(body: unknown): Context {
  if (body === undefined) return NO_CONTEXT
  if (!isObject(body))
    throw new KillswitchError('malformed-request', 'The body must be an object: {"context": {...}}.')
  const { context } = body
  if (context === undefined || context === null) return NO_CONTEXT
  if (isObject(context)) return context
  throw invalidContext('"context" must be an object, such as {"targetingKey": "user-1"}.')
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What this instance serves, so that a client that has it can be told from one that has not. */
export function versionOf({ state, provisional }: LogState): string {
  if (provisional.length === 0) return String(state.revision)
  const digest = hash('sha256', provisional.map(provisionalId).join())
  return `${state.revision}-${digest.slice(0, 12)}`
}

/** What a change notice says of the state, and a client says back in `flagConfigEtag`. */
export const configEtag = ({ log = '', revision }: State): string => `${log.slice(0, 12)}-${revision}`

/** The log and the revision of a `configEtag`; undefined and NaN where it is none. */
export function splitConfigEtag(given: string | undefined): [log: string | undefined, revision: number] {
  const [, log, revision] = /^([0-9a-f]{12})-(\d{1,16})$/.exec(given ?? '') ?? []
  return [log, Number(revision)]
}

/** Unix seconds. */
export const configModified = ({ revisedAt }: State): number => Math.floor(Date.parse(revisedAt) / 1000)

export type Notice = { flagConfigEtag?: string; flagConfigLastModified?: string }

/** Whether the client was told of a change that this state does not have yet. What cannot be read says nothing. */
export function isBehind(state: State, { flagConfigEtag, flagConfigLastModified }: Notice): boolean {
  const [log, revision] = splitConfigEtag(flagConfigEtag)
  if (log !== undefined && (log !== state.log?.slice(0, 12) || revision > state.revision)) return true
  const told = flagConfigLastModified
  if (told === undefined || told === '') return false
  const seconds = /^\d{1,12}$/.test(told) ? Number(told) : Math.floor(Date.parse(told) / 1000)
  return seconds > configModified(state)
}

/** The address this request came by, for URLs in the answer; undefined where its Host is none. A trusted proxy may say another. */
export function addressOf(request: FastifyRequest): string | undefined {
  const { host, protocol } = request
  if (!/^[\w.-]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i.test(host)) return undefined
  return `${/^https$/i.test(protocol) ? 'https' : 'http'}://${host}`
}
