// A warrant: what an app instance keeps of a hold, to show it back to a log that does not have the hold. The service seals
// the warrant: nobody else can read it, as it names a person and a reason, and nobody else can make one. The same hold makes
// the same warrant on every instance of the service.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { ROLES } from '../../wire/words.js'
import { KillswitchError } from '../errors.js'
import type { RequestInfo, Verdict } from '../flip/flip.js'
import type { Hold } from '../flip/hold.js'
import { decideKill, type Kill } from '../flip/kill.js'
import type { Entry } from '../log/audit.js'
import type { State } from '../state.js'

type Told = Pick<Hold, 'id' | 'flag' | 'actor' | 'role' | 'since' | 'incident' | 'reason' | 'offRunbook'>

/** What it says of the hold. `step`: its id. */
export type Warrant = Told & { step?: string }

/** Who showed a warrant: an app instance with a session. */
export type Shower = { app: string; instance: string }

/** Made of a key that the instances of the service share. */
export type WarrantKey = { seal: Buffer; cipher: Buffer }

/** What a receipt takes. */
const LONGEST = 1_024
const LONGEST_REASON = 200
const SEAL_BYTES = 16
const CIPHER = 'aes-256-ctr'

export const warrantKey = (from: Buffer): WarrantKey => {
  const derived = (what: string) =>
    Buffer.from(hkdfSync('sha256', from, '', `killswitch warrant v1 ${what}`, 32))
  return { seal: derived('seal'), cipher: derived('cipher') }
}

/** Empty where the warrant would be longer than a receipt takes. Reason and step are cut or left out before that. */
export function sealWarrant(
  { step, ...hold }: Told & Pick<Hold, 'step'>,
  environment: string,
  key: WarrantKey,
): string {
  const whole = sealed({ ...hold, ...(step === undefined ? {} : { step: step.id }) }, environment, key)
  if (whole.length <= LONGEST) return whole
  const bare = sealed({ ...hold, reason: '' }, environment, key)
  return bare.length <= LONGEST ? bare : ''
}

/** Undefined where no service of this environment, with one of these keys, sealed this very text. */
export function openWarrant(
  text: string,
  environment: string,
  keys: readonly WarrantKey[],
): Warrant | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length <= SEAL_BYTES || text.length > LONGEST || bytes.toString('base64url') !== text)
    return undefined
  const seal = bytes.subarray(0, SEAL_BYTES)
  for (const key of keys) {
    const decipher = createDecipheriv(CIPHER, key.cipher, seal)
    const plain = Buffer.concat([decipher.update(bytes.subarray(SEAL_BYTES)), decipher.final()])
    if (timingSafeEqual(sealOf(plain, environment, key), seal)) return parsed(plain)
  }
  return undefined
}

/** The seal is the cipher's initial value too (as RFC 5297 has it): no random number, and still no value used twice. */
function sealed(hold: Warrant, environment: string, key: WarrantKey): string {
  const { id, flag, actor, role, since, incident = null, reason, step = null, offRunbook } = hold
  const said = [id, flag, actor, role, since, incident, cut(reason), step, offRunbook]
  const plain = Buffer.from(JSON.stringify(said))
  const seal = sealOf(plain, environment, key)
  const cipher = createCipheriv(CIPHER, key.cipher, seal)
  return Buffer.concat([seal, cipher.update(plain), cipher.final()]).toString('base64url')
}

const sealOf = (plain: Buffer, environment: string, { seal }: WarrantKey): Buffer =>
  createHmac('sha256', seal)
    .update(`${JSON.stringify(environment)}\n`)
    .update(plain)
    .digest()
    .subarray(0, SEAL_BYTES)

function cut(reason: string): string {
  const characters = [...reason.slice(0, 2 * LONGEST_REASON + 2)]
  return characters.length > LONGEST_REASON ? `${characters.slice(0, LONGEST_REASON).join('')}…` : reason
}

function parsed(plain: Buffer): Warrant | undefined {
  const [id, flag, actor, role, since, incident, reason, step, offRunbook] = JSON.parse(plain.toString())
  const texts = [id, flag, actor, since, reason]
  if (!texts.every(each => typeof each === 'string') || !ROLES.includes(role)) return undefined
  return {
    ...{ id, flag, actor, role, since, reason, offRunbook: offRunbook === true },
    ...(typeof incident === 'string' ? { incident } : {}),
    ...(typeof step === 'string' ? { step } : {}),
  }
}

/** Whether the state says of a hold that the log has it, or had it. The log itself may say so where the state does not. */
export function isKnownHold({ flags, merged, reconciled }: State, { id, flag }: Warrant): boolean {
  const isOn = flags
    .get(flag)
    ?.holds.some(hold => hold.id === id || hold.joined?.some(joined => joined.id === id))
  return isOn === true || merged.includes(id) || reconciled.includes(id)
}

/** Whether an entry names a hold: then the log has it, or had it. */
export const namesHold = (entry: Entry, id: string): boolean =>
  entry.hold === id ||
  entry.shown?.hold === id ||
  entry.released?.includes(id) === true ||
  entry.merged?.includes(id) === true ||
  entry.holds?.some(hold => hold.id === id) === true ||
  entry.adopted?.some(({ hold }) => hold === id) === true ||
  entry.reconciled?.some(({ holds }) => holds.includes(id)) === true

/** The kill that brings a hold back: of whoever put it, since then, and with who showed it as its reason. */
export function killShownBack(warrant: Warrant, by: Shower): Kill {
  const { id, flag, actor, role, since, incident, step, offRunbook } = warrant
  // the same on every instance of the service: the first one brings it back, the others find it done
  const key = `shown-${id}`
  const request: RequestInfo = { id: key, key, digest: key }
  return {
    ...{ v: 1, action: 'kill', flags: [flag], receivedAt: since, request },
    actor: { id: actor, role, via: 'service' },
    claim: { offRunbook, warnings: [], ...(step === undefined ? {} : { step: { id: step } }) },
    reason: reasonOf(warrant, by),
    ...(incident === undefined ? {} : { incident }),
    shown: { hold: id, ...by },
  }
}

/** What a person wrote stands between quotation marks, and cannot end them. */
function reasonOf({ actor, reason }: Warrant, { app, instance }: Shower): string {
  const name = /^[\w.~:@/-]+$/.test(instance) ? instance : JSON.stringify(instance)
  const shown = `shown back by ${app} ${name}: this log did not have it`
  return reason === '' ? shown : `${shown}. ${actor} had written ${JSON.stringify(reason)}`
}

/** `isNamed`: an entry came in meanwhile that names the hold. */
export function decideShownBack(state: State, warrant: Warrant, kill: Kill, isNamed: boolean): Verdict {
  if (!isNamed && !isKnownHold(state, warrant) && state.flags.has(warrant.flag))
    return decideKill(state, kill, 'accepted')
  const message = `The log has hold ${warrant.id} on ${warrant.flag}, or had it: it does not come back.`
  return { drafts: [], refusal: new KillswitchError('nothing-to-release', message) }
}
