// What questions to the log mean, written down once more and without any cleverness: for each entry the whole log is read.

import { type Entry, placeOf } from '../../src/domain/log/audit.js'
import { type AuditFilter, wordsOf } from '../../src/domain/log/audit-query.js'
import { applicationOf } from './long-story.js'

const list = <T>(value: T | readonly T[] | undefined): readonly T[] | undefined =>
  value === undefined || Array.isArray(value) ? (value as readonly T[] | undefined) : [value as T]
const isApplied = ({ outcome }: Entry) => outcome === 'applied'
const isFlip = (entry: Entry) => isApplied(entry) && (entry.action === 'kill' || entry.action === 'restore')

export class Naive {
  readonly #entries: readonly Entry[]

  constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  /** The incident that an entry is of, and the place at which it came to be known of it. */
  #owner(entry: Entry): { incident: string; from: number } | undefined {
    const place = placeOf(entry)
    const { incident } = entry
    if (incident !== undefined) {
      const taken = this.#entries.find(
        each => isApplied(each) && placeOf(each) > place && each.history?.includes(incident),
      )
      if (taken?.incident !== undefined) return { incident: taken.incident, from: placeOf(taken) }
      const declared = this.#declaration(incident)
      return declared && { incident, from: Math.max(place, placeOf(declared)) }
    }
    const adoption = entry.action === 'kill' ? this.#adoption(entry, undefined) : undefined
    return adoption?.incident === undefined
      ? undefined
      : { incident: adoption.incident, from: placeOf(adoption) }
  }

  #declaration(incident: string): Entry | undefined {
    return this.#entries.find(
      each => each.action === 'incident.declared' && isApplied(each) && each.incident === incident,
    )
  }

  #adoption({ hold, outcome }: Entry, from: string | undefined): Entry | undefined {
    if (outcome !== 'applied') return undefined
    return this.#entries.find(
      each => isApplied(each) && each.adopted?.some(taken => taken.hold === hold && taken.from === from),
    )
  }

  #flipOf({ confirmed }: Entry): Entry | undefined {
    return confirmed && this.#entries.find(each => placeOf(each) === confirmed.flip)
  }

  isDrill(entry: Entry): boolean {
    if (entry.action === 'drill') return true
    const flip = this.#flipOf(entry)
    if (flip !== undefined) return this.isDrill(flip)
    const owner = this.#owner(entry)
    return owner !== undefined && this.#declaration(owner.incident)?.declared?.drill === true
  }

  severity(entry: Entry): string | undefined {
    const flip = this.#flipOf(entry)
    if (flip !== undefined) return this.severity(flip)
    const owner = this.#owner(entry)
    const given = owner === undefined ? [] : this.#severities(owner.incident)
    const then = given.filter(([place]) => place <= (owner?.from ?? 0)).at(-1)
    return (then ?? given[0])?.[1]
  }

  #severities(incident: string): [number, string][] {
    return this.#entries.flatMap(each => {
      const severity = each.declared?.severity ?? each.change?.severity ?? ''
      const isIts = isApplied(each) && each.incident === incident && severity !== ''
      return isIts ? [[placeOf(each), severity] as [number, string]] : []
    })
  }

  applications({ application, flag, flags = [] }: Entry): string[] {
    if (application !== undefined) return [application]
    return [...new Set([...flags, ...(flag === undefined ? [] : [flag])].map(applicationOf))].sort()
  }

  proof(entry: Entry): Entry | undefined {
    const place = placeOf(entry)
    return this.#entries.find(each => each.action === 'flip.confirmed' && each.confirmed?.flip === place)
  }

  proofMs(entry: Entry): number | undefined {
    const proof = this.proof(entry)
    return proof && (proof.confirmed?.lastMs ?? Date.parse(proof.at) - Date.parse(entry.at))
  }

  /** The restore that ended a kill. */
  end(kill: Entry): Entry | undefined {
    return this.#entries.find(
      each =>
        isApplied(each) &&
        each.action === 'restore' &&
        each.flag === kill.flag &&
        placeOf(each) > placeOf(kill) &&
        (each.holds?.length === 0 || each.released?.includes(kill.hold ?? '')),
    )
  }

  /** Those whose story the entry is a part of: its own, those an adoption took from, those whose holds it released. */
  incidentsOf({ incident, history = [], adopted = [], incidents = [] }: Entry): string[] {
    const all = [incident, ...history, ...adopted.map(({ from }) => from), ...incidents]
    return [...new Set(all.flatMap(each => each ?? []))]
  }

  /** The kills that count as an incident's. */
  killsOf(incident: string): Entry[] {
    return this.#entries.filter(each => {
      if (each.action !== 'kill' || !isApplied(each)) return false
      if (this.#owner(each)?.incident === incident) return true
      // taken from a name that nobody had declared, which kept others
      const { incident: from } = each
      const adoption = from === undefined ? undefined : this.#adoption(each, from)
      const declared = from === undefined ? undefined : this.#declaration(from)
      return (
        adoption?.incident === incident && (declared === undefined || placeOf(declared) > placeOf(adoption))
      )
    })
  }

  matches(filter: AuditFilter, entry: Entry): boolean {
    const any = (wanted: string | readonly string[] | undefined, has: (value: string) => boolean) =>
      list(wanted)?.some(has) ?? true
    const is = (wanted: boolean | undefined, concerns: boolean, found: () => boolean) =>
      wanted === undefined || (concerns && found() === wanted)
    const { action, step, reason } = entry
    const isProvable = isFlip(entry) || (action === 'drill' && isApplied(entry))
    const level = (severity: string) => severity.toLowerCase().replace(/\W/g, '')
    return (
      any(filter.flag, flag => entry.flag === flag || (entry.flags ?? []).includes(flag)) &&
      any(filter.actor, actor => entry.actor.id === actor) &&
      any(filter.role, role => entry.actor.role === role) &&
      any(filter.incident, incident => this.incidentsOf(entry).includes(incident)) &&
      any(filter.runbook, runbook => entry.runbook?.id === runbook) &&
      any(filter.step, asked => step?.code === asked || `${step?.id}/`.startsWith(`${asked}/`)) &&
      any(filter.action, asked => action === asked) &&
      any(filter.outcome, outcome => entry.outcome === outcome) &&
      any(filter.application, application => this.applications(entry).includes(application)) &&
      any(filter.severity, severity => level(this.severity(entry) ?? '') === level(severity)) &&
      any(filter.ip, ip => entry.request.ip === ip) &&
      any(filter.reason, asked => wordsOf(asked).every(word => wordsOf(reason ?? '').includes(word))) &&
      is(filter.offRunbook, true, () => entry.offRunbook ?? false) &&
      is(filter.drill, true, () => this.isDrill(entry)) &&
      is(
        filter.forced,
        action === 'incident.resolved' && isApplied(entry),
        () => entry.resolved?.forced ?? false,
      ) &&
      is(filter.confirmed, isProvable, () => this.proof(entry) !== undefined) &&
      is(
        filter.withinWait,
        isFlip(entry) && action === 'restore',
        () => entry.warnings?.some(({ code }) => code === 'wait-not-over') ?? false,
      ) &&
      is(filter.withoutStep, isFlip(entry), () => step === undefined && !entry.undo) &&
      is(
        filter.withoutEvidence,
        isFlip(entry),
        () => !entry.undo && (reason === undefined || reason === step?.text),
      ) &&
      (filter.since === undefined || Date.parse(entry.at) >= Date.parse(filter.since)) &&
      (filter.until === undefined || Date.parse(entry.at) < Date.parse(filter.until))
    )
  }
}
