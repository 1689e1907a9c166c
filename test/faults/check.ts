// The model: whether a history and the log it ended in are of a service that keeps the invariants in README.md here. Folds the log
// by its own few lines, and shares no rule with the service.

import { createHash } from 'node:crypto'
import type { Entry } from '../../src/domain/log/audit.js'
import { acknowledgedAt, fateOf, type History, holdOf, type Operation, sentAt } from './history.js'

export type Violation = { invariant: string; detail: string }

/** What the service looked like when all was healed and nobody wrote any more. */
export type Ending = {
  /** The log as it is in the store, verbatim. */
  lines: string[]
  /** Journals of the instances, verbatim; none for a build without. */
  journals: string[][]
  /** Of each instance, and of each observer: the flags killed. */
  killed: { who: string; flags: string[] }[]
  /** As GET /v1/flips/:id told of every operation whose outcome was unknown. */
  resolved: Map<string, string>
  /** Instances that were started again, so that what they alone knew of an attempt is gone. */
  restarted: boolean
}

const placeOf = ({ epoch, seq }: Entry): number => epoch * 2 ** 32 + seq
const nameOf = ({ kind, actor, key, flag }: Operation): string => `${kind} ${flag} by ${actor} (${key})`

export function check(history: History, ending: Ending): Violation[] {
  const entries = ending.lines.map(line => JSON.parse(line) as Entry)
  const found = new Found(history, entries)
  return [
    ...chain(ending.lines),
    ...journals(ending),
    ...found.exactlyOnce(),
    ...found.places(),
    ...found.endStates(ending),
    ...found.accepted(),
    ...found.issued(),
    ...found.failures(ending),
    ...found.sights(),
  ]
}

/** I11, in part: the chain holds as it stands, places only grow, and hours never go back. */
function chain(lines: readonly string[]): Violation[] {
  const violations: Violation[] = []
  let [prev, place, at] = ['', 0, '']
  for (const line of lines) {
    const entry = JSON.parse(line) as Entry
    const where = `${entry.epoch}-${entry.seq}`
    if (entry.prev !== prev) violations.push({ invariant: 'I11', detail: `the chain breaks at ${where}` })
    if (placeOf(entry) <= place)
      violations.push({ invariant: 'I3', detail: `${where} is not above ${place}` })
    if (entry.at < at) violations.push({ invariant: 'I3', detail: `the hour goes back at ${where}` })
    prev = createHash('sha256').update(line).digest('hex')
    place = placeOf(entry)
    at = entry.at
  }
  return violations
}

function journals({ lines, journals }: Ending): Violation[] {
  const text = lines.join('\n')
  return journals.flatMap((journal, index) =>
    journal.join('\n') === text
      ? []
      : [{ invariant: 'I2', detail: `the journal of instance ${index} is not the log of the store` }],
  )
}

class Found {
  readonly #history: History
  readonly #entries: readonly Entry[]
  /** Applied or unchanged, by actor, key and flag. */
  readonly #done = new Map<string, Entry[]>()
  /** Flips of an abandoned branch: recorded, and not applied. */
  readonly #notApplied = new Set<string>()
  readonly #killed: ReadonlySet<string>
  readonly #held = new Map<string, Set<string>>()

  constructor(history: History, entries: readonly Entry[]) {
    this.#history = history
    this.#entries = entries
    for (const entry of entries) {
      const id = `${entry.actor.id}\n${entry.request.key}\n${entry.flag}`
      if (entry.action !== 'kill' && entry.action !== 'restore') continue
      if (entry.outcome === 'refused' && entry.origin !== undefined) this.#notApplied.add(id)
      if (entry.outcome === 'refused') continue
      this.#done.set(id, [...(this.#done.get(id) ?? []), entry])
      this.#fold(entry)
    }
    this.#killed = new Set([...this.#held].filter(([, holds]) => holds.size > 0).map(([flag]) => flag))
  }

  #fold({ action, outcome, flag = '', hold, released }: Entry): void {
    const holds = this.#held.get(flag) ?? new Set()
    this.#held.set(flag, holds)
    if (outcome !== 'applied') return
    if (action === 'kill' && hold !== undefined) holds.add(hold)
    for (const id of released ?? []) holds.delete(id)
  }

  #doneOf({ actor, key, flag }: Operation): Entry[] {
    return this.#done.get(`${actor}\n${key}\n${flag}`) ?? []
  }

  #wasNotApplied({ actor, key, flag }: Operation): boolean {
    return this.#notApplied.has(`${actor}\n${key}\n${flag}`)
  }

  /** A restore need not be applied again, nor a kill that was released again; any other kill must be. */
  #mayNotApply({ kind, incident, flag }: Operation): boolean {
    return (
      kind === 'restore' ||
      this.#history.operations.some(
        each => each.kind === 'restore' && each.incident === incident && each.flag === flag,
      )
    )
  }

  /** I1: what was acknowledged is there once; what was not, at most once. */
  exactlyOnce(): Violation[] {
    return this.#history.operations.flatMap(operation => {
      const count = this.#doneOf(operation).length
      const fate = fateOf(operation)
      if (count > 1)
        return [{ invariant: 'I1', detail: `doubled: ${nameOf(operation)} is there ${count} times` }]
      if (fate !== 'acknowledged' || count === 1 || isCounted(operation)) return []
      if (this.#wasNotApplied(operation) && this.#mayNotApply(operation)) return []
      return [{ invariant: 'I1', detail: `lost: ${nameOf(operation)} was acknowledged` }]
    })
  }

  /** I3: no place is acknowledged for two requests, nor below what its caller had seen. */
  places(): Violation[] {
    const violations: Violation[] = []
    const issued = new Map<number, string>()
    for (const operation of this.#history.operations)
      for (const { status, place, replayed } of operation.attempts) {
        if (status !== 200 || place === undefined) continue
        const other = issued.get(place)
        if (other !== undefined && other !== operation.key)
          violations.push({
            invariant: 'I3',
            detail: `place ${place} was given to ${other} and to ${operation.key}`,
          })
        issued.set(place, operation.key)
        if (!replayed && place <= operation.seen)
          violations.push({
            invariant: 'I3',
            detail: `${nameOf(operation)} was acknowledged at ${place}, below ${operation.seen}`,
          })
      }
    return violations
  }

  /** I2 and I4: every instance and observer shows the fold, and the last acknowledged operation stands. */
  endStates({ killed }: Ending): Violation[] {
    const violations: Violation[] = []
    const folded = [...this.#killed].sort().join()
    for (const { who, flags } of killed)
      if ([...flags].sort().join() !== folded)
        violations.push({ invariant: 'I2', detail: `${who} shows ${flags} killed; the log says ${folded}` })
    for (const operations of this.#byIncident()) {
      const last = operations.at(-1) as Operation
      const lastSaid = operations.findLast(operation => fateOf(operation) === 'acknowledged')
      if (lastSaid === undefined) continue
      const later = operations.slice(operations.indexOf(lastSaid) + 1).map(fateOf)
      const isHeld = this.#isHeld(operations)
      if (lastSaid.kind === 'kill' && !later.includes('unknown') && !isHeld)
        violations.push({ invariant: 'I4', detail: `un-killed: ${nameOf(last)} is not in force at the end` })
      // a kill whose answer was lost, or that one instance alone knew of, may come into the log after a restore elsewhere
      const mayLand = operations.some(
        operation =>
          operation.kind === 'kill' &&
          (this.#doneOf(operation).some(({ origin }) => origin !== undefined) ||
            operation.attempts.some(
              ({ status, durability }) => status === 0 || status === 504 || durability === 'provisional',
            )),
      )
      if (lastSaid.kind === 'restore' && isHeld && !mayLand && !this.#wasNotApplied(lastSaid))
        violations.push({ invariant: 'I10', detail: `${nameOf(lastSaid)} was undone by nobody` })
    }
    return violations
  }

  #byIncident(): Operation[][] {
    const groups = new Map<string, Operation[]>()
    for (const operation of this.#history.operations) {
      const id = `${operation.flag} ${operation.incident}`
      groups.set(id, [...(groups.get(id) ?? []), operation])
    }
    return [...groups.values()].map(group => group.sort((a, b) => sentAt(a) - sentAt(b)))
  }

  #isHeld(operations: readonly Operation[]): boolean {
    const holds = this.#held.get(operations[0]?.flag ?? '') ?? new Set()
    return operations.some(operation => operation.kind === 'kill' && holds.has(holdOf(operation)))
  }

  /** I5: an instance that runs takes a kill. */
  accepted(): Violation[] {
    return this.#history.operations
      .filter(({ kind }) => kind === 'kill')
      .flatMap(operation =>
        operation.attempts
          .filter(({ status, wasUp }) => wasUp && status !== 200)
          .map(({ status, code, instance, during, sentMs, answeredMs }) => ({
            invariant: 'I5',
            detail: `${nameOf(operation)} was answered ${status} ${code ?? ''} by instance ${instance} after ${Math.round(answeredMs - sentMs)} ms (${during})`,
          })),
      )
  }

  /** I7: every entry of ours was asked for, and a restore released the holds of its incident and no other. */
  issued(): Violation[] {
    const violations: Violation[] = []
    const asked = new Map(this.#history.operations.map(each => [`${each.actor}\n${each.key}`, each]))
    const incidentOf = new Map(
      this.#history.operations
        .filter(({ kind }) => kind === 'kill')
        .map(each => [holdOf(each), each.incident]),
    )
    for (const entry of this.#entries) {
      if (entry.outcome === 'refused' || (entry.action !== 'kill' && entry.action !== 'restore')) continue
      const where = `${entry.action} ${entry.flag} at ${entry.epoch}-${entry.seq}`
      const operation = asked.get(`${entry.actor.id}\n${entry.request.key}`)
      // an app showed back what its actor had asked for in a log that was lost
      if (entry.shown !== undefined && incidentOf.get(entry.shown.hold) === entry.incident) continue
      if (operation?.kind !== entry.action || operation.flag !== entry.flag)
        violations.push({ invariant: 'I7', detail: `nobody asked for ${where}` })
      for (const id of entry.released ?? [])
        if (incidentOf.get(id) !== entry.incident)
          violations.push({
            invariant: 'I7',
            detail: `${where} released ${id}, which is not of ${entry.incident}`,
          })
    }
    return violations
  }

  /** I10: what was answered as failed did not happen; what was unknown can be asked. */
  failures({ resolved, restarted }: Ending): Violation[] {
    return this.#history.operations.flatMap(operation => {
      const done = this.#doneOf(operation).length
      const fate = fateOf(operation)
      if (fate === 'failed' && done > 0)
        return [{ invariant: 'I10', detail: `${nameOf(operation)} was answered as failed, and was done` }]
      const said = resolved.get(operation.key)
      if (fate !== 'unknown' || said === undefined) return []
      // of a request that was never answered, nobody may have heard; of one answered 504, its instance has
      const mayBeUnheard = restarted || operation.attempts.every(({ status }) => status !== 504)
      const isTrue =
        done > 0
          ? said === 'applied' || said === 'unchanged'
          : said === 'never' || said === 'refused' || (said === 'unknown-flip' && mayBeUnheard)
      const wasRefused = this.#wasNotApplied(operation)
      return isTrue || wasRefused
        ? []
        : [
            {
              invariant: 'I10',
              detail: `${nameOf(operation)} is there ${done} times, and is told as ${said}`,
            },
          ]
    })
  }

  /** I8 and I4 on the way: an observer lets go of a hold only after somebody asked to release it. */
  sights(): Violation[] {
    const released = new Map<string, number>()
    for (const operations of this.#byIncident()) {
      for (const kill of operations.filter(({ kind }) => kind === 'kill')) {
        const restore = operations.find(each => each.kind === 'restore' && sentAt(each) > sentAt(kill))
        released.set(holdOf(kill), restore === undefined ? Number.POSITIVE_INFINITY : sentAt(restore))
      }
    }
    return this.#history.sights.flatMap(({ observer, atMs, flag, killed, before, revision, restarted }) => {
      if (killed) return []
      return before
        .filter(hold => (released.get(hold) ?? Number.POSITIVE_INFINITY) > atMs)
        .map(hold => ({
          invariant: restarted ? 'I8' : 'I4',
          detail: `observer ${observer} let go of ${hold} on ${flag} at revision ${revision}, and nobody had asked`,
        }))
    })
  }
}

/** It changed nothing, and has no entry of its own: that it is in force is for `endStates`. */
const isCounted = ({ kind, attempts }: Operation): boolean =>
  kind === 'kill' &&
  attempts.some(({ status, outcome }) => status === 200 && outcome === 'unchanged') &&
  attempts.every(({ status, place }) => status !== 200 || place === undefined)

/** Kills acknowledged at a moment and not asked to be released: what must be in force. */
export const standing = ({ operations }: History, atMs: number): Operation[] =>
  operations.filter(
    operation =>
      operation.kind === 'kill' &&
      acknowledgedAt(operation) <= atMs &&
      !operations.some(
        each => each.kind === 'restore' && each.incident === operation.incident && sentAt(each) <= atMs,
      ),
  )
