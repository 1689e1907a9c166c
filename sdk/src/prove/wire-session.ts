// What is said of a session over the network and in its file: the names of the headers, their form, and the document that
// outlives the process. Reads and writes; decides nothing.

import type { Owner } from './owner.js'

export const APP = 'killswitch-app'
export const INSTANCE = 'killswitch-instance'
/** Drawn by each process: it asks in several places, and is given one session. */
export const PROCESS = 'killswitch-process'
export const SESSION = 'killswitch-session'
export const PREDECESSORS = 'killswitch-predecessors'
export const REFUSED = 'killswitch-session-refused'

/** In the place of a session: this process sends no receipts. */
export const NONE = 'none'
export const MOST_PREDECESSORS = 8

/** `instance` is the configured name, not the one that the service gave. */
export type KeptSession = Owner & { v: 1; app: string; instance: string; session: string }

/** What can stand in a header, and in a list of them. */
export const isSecret = (text: unknown): text is string =>
  typeof text === 'string' && /^[\x21-\x2b\x2d-\x7e]{1,200}$/.test(text) && text !== NONE

export const encodeName = (name: string): string => encodeURIComponent(name)

/** Undefined for what is no name. */
export function decodeName(text: string | null): string | undefined {
  try {
    const name = decodeURIComponent(text ?? '')
    return name.length >= 1 && name.length <= 200 && !/[\p{Cc}\p{Cs}]/u.test(name) ? name : undefined
  } catch {
    return undefined
  }
}

/** Undefined for anything else than a file of ours. */
export function readKeptSession(text: string): KeptSession | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof KeptSession, unknown>>
    const { v, app, instance, session, host, pid, pidNamespace, started, thread } = value
    const isText = (value: unknown) => typeof value === 'string'
    const isPid = Number.isSafeInteger(pid) && (pid as number) > 0
    const whole = v === 1 && [app, instance, session, host].every(isText) && isPid
    const odd = [pidNamespace, started].some(value => value !== undefined && !isText(value))
    return whole && !odd && (thread === undefined || Number.isSafeInteger(thread))
      ? (value as KeptSession)
      : undefined
  } catch {
    return undefined
  }
}
