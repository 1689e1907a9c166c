// What of the fleet is less than well: for /readyz, for housekeeping, and for whoever asks which apps stand apart.

import { apartOf } from '../domain/fleet/apart.js'
import type { Member } from '../domain/fleet/member.js'
import type { LogState } from '../log/state.js'
import type { Apart } from '../wire/convergence.js'
import type { Condition } from '../wire/health.js'
import type { Fleet } from './fleet.js'

const NAMED = 3
/** From here on the number of instances is told as near its limit. */
const NEAR = 0.8

type ApartMember = { app: string; instance: string } & Apart

export class FleetCondition {
  readonly #log: LogState
  readonly #fleet: Fleet

  constructor(parts: { log: LogState; fleet: Fleet }) {
    this.#log = parts.log
    this.#fleet = parts.fleet
  }

  get conditions(): readonly Condition[] {
    return [...this.#broken(), ...this.#full(), ...this.#standApart()]
  }

  /** App instances that did not leave, and stand apart from the log: once for each way in which they do. */
  apart(): ApartMember[] {
    const found: ApartMember[] = []
    for (const member of this.#fleet.members())
      if (member.gone === undefined) found.push(...this.#apartOf(member))
    return found
  }

  #apartOf(member: Member): ApartMember[] {
    const { app, instance } = member
    return apartOf(member, this.#log.known).map(each => ({ app, instance, ...each }))
  }

  #broken(): Condition[] {
    const { broken } = this.#fleet
    if (broken === undefined) return []
    return [
      {
        code: 'fleet-record-broken',
        detail: `The record of the app instances cannot be written (${broken}): after a restart some of them would not be waited for.`,
      },
    ]
  }

  #full(): Condition[] {
    const { fullest, most } = this.#fleet.room
    const refused = [...this.#fleet.refused]
    const found: Condition[] = refused.map(([app, count]) => ({
      code: 'instances-refused',
      detail: `${count} time(s) within a day an instance of ${app} was refused, as its token has ${most} (KILLSWITCH_MOST_INSTANCES): no kill of ${app} is confirmed. Once there is room: killswitch fleet forget --lost --app ${app}`,
    }))
    if (refused.length === 0 && fullest >= NEAR * most)
      found.push({
        code: 'instances-near-limit',
        detail: `One token has ${fullest} instances of one application, of ${most} that it may have (KILLSWITCH_MOST_INSTANCES).`,
      })
    return found
  }

  #standApart(): Condition[] {
    const apart = this.apart()
    if (apart.length === 0) return []
    const named = apart.slice(0, NAMED).map(({ app, instance, detail }) => `${instance} (${app}) ${detail}`)
    const more = apart.length > NAMED ? `; and ${apart.length - NAMED} more: killswitch fleet` : ''
    return [
      { code: 'apps-apart', detail: `App instances stand apart from the log: ${named.join('; ')}${more}.` },
    ]
  }
}
