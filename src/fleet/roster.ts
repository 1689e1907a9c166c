// The app instances that are known: by session, by application, by name; and how many there may be. Everything is in
// memory, and nothing here looks at a clock, a disk or a store.

import type { Member } from '../domain/fleet/member.js'

export class Roster {
  readonly most: number
  readonly #byId = new Map<string, Member>()
  readonly #byApp = new Map<string, Map<string, Member>>()
  readonly #byName = new Map<string, Set<string>>()
  /** How many of a credential and an application are there. */
  readonly #there = new Map<string, number>()

  /** `most`: of one credential and one application. */
  constructor(most: number) {
    this.most = most
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Member | undefined {
    return this.#byId.get(id)
  }

  all(): IterableIterator<Member> {
    return this.#byId.values()
  }

  /** Those of an application, whether they left or not. */
  of(app: string): Iterable<Member> {
    return this.#byApp.get(app)?.values() ?? []
  }

  named(app: string, instance: string): Member[] {
    return [...(this.#byName.get(nameOf(app, instance)) ?? [])].map(id => this.#byId.get(id) as Member)
  }

  /** Whether a credential has room for another instance of an application. */
  hasRoom(credential: string, app: string): boolean {
    return this.count(credential, app) < this.most
  }

  count(credential: string, app: string): number {
    return this.#there.get(ownerOf(credential, app)) ?? 0
  }

  /** The most that any credential has of any application. */
  get fullest(): number {
    let most = 0
    for (const count of this.#there.values()) most = Math.max(most, count)
    return most
  }

  set(given: Member): void {
    const member = ofOneForm(given)
    const before = this.#byId.get(member.id)
    this.#byId.set(member.id, member)
    const ofApp = this.#byApp.get(member.app) ?? new Map<string, Member>()
    this.#byApp.set(member.app, ofApp.set(member.id, member))
    if (before === undefined) {
      const name = nameOf(member.app, member.instance)
      this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(member.id))
    }
    this.#count(member, Number(isThere(member)) - Number(isThere(before)))
  }

  delete(id: string): void {
    const member = this.#byId.get(id)
    if (member === undefined) return
    this.#byId.delete(id)
    this.#byApp.get(member.app)?.delete(id)
    const name = nameOf(member.app, member.instance)
    this.#byName.get(name)?.delete(id)
    if (this.#byName.get(name)?.size === 0) this.#byName.delete(name)
    this.#count(member, -Number(isThere(member)))
  }

  #count({ credential, app }: Member, change: number): void {
    if (change === 0) return
    const owner = ownerOf(credential, app)
    const count = (this.#there.get(owner) ?? 0) + change
    if (count > 0) this.#there.set(owner, count)
    else this.#there.delete(owner)
  }
}

/** Every member has the same members in the same order: a kill looks at twenty thousand, and others are ten times slower. */
const ofOneForm = (member: Member): Member => ({
  id: member.id,
  app: member.app,
  instance: member.instance,
  credential: member.credential,
  proves: member.proves,
  openedAt: member.openedAt,
  heardAt: member.heardAt,
  awaitedSince: member.awaitedSince,
  gone: member.gone,
  receipt: member.receipt,
  number: member.number,
  shown: member.shown,
  standing: member.standing,
})

const isThere = (member: Member | undefined): boolean => member !== undefined && member.gone === undefined
const nameOf = (app: string, instance: string): string => `${app}\n${instance}`
const ownerOf = (credential: string, app: string): string => `${credential}\n${app}`
