// Who may what, as the log has it from the tokens files of the service's instances: what a change changed, in members and in
// a sentence, and who has told what already. No token comes here, and no hash of one.

import type { Credential, CredentialsTold } from '../wire/credentials.js'
import { type Entry, placeOf } from './log/audit.js'

/** What an instance of the service told last. */
export type Told = { instance: string; place: number; mark: string; may: readonly Credential[] }

/** Instances that come and go have a name of their own each. */
const TOLD_KEPT = 20

/** Newest last, one for each instance. Whoever went by the same as the teller is taken to have changed with it. */
export function foldCredentials(told: readonly Told[], entry: Entry): readonly Told[] {
  if (entry.credentials === undefined) return told
  const { instance, mark, before, may } = entry.credentials
  const place = placeOf(entry)
  const others = told
    .filter(each => each.instance !== instance)
    .map(each => (each.mark === before ? { ...each, place, mark, may } : each))
  return [...others, { instance, place, mark, may }].slice(-TOLD_KEPT)
}

/** What an instance goes by. */
export type Held = Pick<Told, 'mark' | 'may'>

/**
 * What the log says already of what an instance goes by; undefined where it does not. Its own entry counts. Where it has none:
 * at a start the newest of anybody, and of a change (`since`: the place up to which it knows the log to agree with it) what was
 * told after that. At a start it is compared who may what; later the marks, which tell a replaced token too.
 */
export function toldOf(
  told: readonly Told[],
  instance: string,
  { mark, may }: Held,
  since?: number,
): Told | undefined {
  const own = told.find(each => each.instance === instance)
  if (since === undefined) {
    const last = own ?? told.at(-1)
    return last !== undefined && same(last.may, may) ? last : undefined
  }
  const found = own === undefined ? told.filter(({ place }) => place > since) : [own]
  return found.find(each => each.mark === mark)
}

/** The entry that a start is compared with: the instance's own, or else the newest. */
export const lastTold = (told: readonly Told[], instance: string): Told | undefined =>
  told.find(each => each.instance === instance) ?? told.at(-1)

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

const MEMBERS = ['role', 'only', 'apps', 'expires', 'tokens'] as const
type Change = Pick<CredentialsTold, 'added' | 'removed' | 'changed'>

/** `isReplaced`: whether somebody has other tokens than before, which is all that is known of tokens. */
export function changeOf(
  before: readonly Credential[],
  now: readonly Credential[],
  isReplaced: (id: string) => boolean = () => false,
): Change {
  const known = new Map(before.map(each => [each.id, each]))
  const kept = new Set(now.map(({ id }) => id))
  return {
    added: now.filter(({ id }) => !known.has(id)).map(({ id }) => id),
    removed: before.filter(({ id }) => !kept.has(id)),
    changed: now.flatMap(each => {
      const was = known.get(each.id)
      if (was === undefined) return []
      const members = MEMBERS.filter(
        name => !same(was[name], each[name]) || (name === 'tokens' && isReplaced(each.id)),
      )
      return members.length > 0 ? [{ id: each.id, members, was }] : []
    }),
  }
}

const NAMED = 5

/** Undefined for an entry that says nothing of a tokens file. */
export function credentialWords({
  action,
  credentials,
}: Pick<Entry, 'action' | 'credentials'>): string | undefined {
  if (action !== 'tokens.changed' || credentials === undefined) return undefined
  const { instance, may, added, removed, changed, before, compared } = credentials
  const of = `Tokens file of ${instance}`
  const byId = new Map(may.map(each => [each.id, each]))
  if (before === undefined && compared === undefined)
    return `${of}, told for the first time: ${list(may.map(inShort)) || 'nobody'}`
  const parts = [
    part(
      'added',
      added.map(id => inShort(byId.get(id) ?? { id })),
    ),
    part('removed', removed.map(inShort)),
    part(
      'changed',
      changed.map(each => changedInShort(each, byId.get(each.id))),
    ),
  ].filter(each => each !== '')
  const since = compared === undefined ? '' : ', compared with what the log had last'
  return `${of}${since}: ${parts.join('; ') || 'nothing changed'}`
}

const part = (what: string, names: readonly string[]): string =>
  names.length > 0 ? `${what} ${list(names)}` : ''

const list = (names: readonly string[]): string =>
  names.length <= NAMED
    ? names.join(', ')
    : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`

/** `ana (operator, only kill)` */
const inShort = ({ id, role, only, apps }: Pick<Credential, 'id'> & Partial<Credential>): string =>
  `${id} (${[role, only && `only ${only}`, apps && `for ${list(apps)}`].filter(Boolean).join(', ')})`

/** `ana (role operator -> engineer, another token)` */
function changedInShort(
  { id, members, was }: CredentialsTold['changed'][number],
  now: Credential | undefined,
): string {
  const said = members.map(name => {
    if (name === 'tokens' && was.tokens === now?.tokens) return 'another token'
    return `${name} ${inWords(was[name])} -> ${inWords(now?.[name])}`
  })
  return `${id} (${said.join(', ')})`
}

const inWords = (value: unknown): string =>
  value === undefined ? 'none' : Array.isArray(value) ? value.join(' ') : String(value)
