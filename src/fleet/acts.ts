// What a person may do about app instances: forget those that are gone, and release in the apps what the log does not have.

import { type Actor, reaches } from '../domain/actor.js'
import { formOf } from '../domain/catalogue/near-key.js'
import type { Clock } from '../domain/clock.js'
import { badInput, by, byCall, KillswitchError } from '../domain/errors.js'
import { unknownHolds } from '../domain/fleet/apart.js'
import { livenessOf, type Member } from '../domain/fleet/member.js'
import { common, forbidden } from '../domain/flip/flip.js'
import { mayWork } from '../domain/incident/rules.js'
import type { Draft } from '../domain/log/audit.js'
import type { LogState } from '../log/state.js'
import type { Origin, Submissions, Submitted } from '../service/submissions.js'
import type { Forget, Reconcile } from '../wire/instance.js'
import type { Fleet } from './fleet.js'

/** Names in one entry: an entry stays readable, and there are as many as it takes. */
const PER_ENTRY = 500

export class FleetActs {
  readonly #log: LogState
  readonly #fleet: Fleet
  readonly #submissions: Submissions
  readonly #clock: Clock

  constructor(parts: { log: LogState; fleet: Fleet; submissions: Submissions; clock: Clock }) {
    this.#log = parts.log
    this.#fleet = parts.fleet
    this.#submissions = parts.submissions
    this.#clock = parts.clock
  }

  /** Throws `unknown-instance`, and `instance-live` for one that is heard of. */
  async forget(
    actor: Actor,
    body: Forget,
    origin: Origin,
  ): Promise<Submitted & { forgotten: Member[]; refused: number }> {
    let forgotten: Member[] = []
    const refused = body.lost && body.app !== undefined ? (this.#fleet.refused.get(body.app) ?? 0) : 0
    // a deploy hook finds nobody lost: there is nothing to say, but that nobody is refused any more
    if (body.lost && body.app !== undefined && this.#lostOf(body.app).length === 0) {
      mayWork(actor, 'forget app instances')
      this.#fleet.forgetRefused(body.app)
      return {
        entries: [],
        durability: 'journal',
        replayed: false,
        key: origin.key ?? '',
        forgotten,
        refused,
      }
    }
    const act = { action: 'fleet.forgotten' as const, priority: 'note' as const, body }
    const submitted = await this.#submissions.submit(actor, act, origin, request => {
      mayWork(actor, 'forget app instances')
      forgotten = this.#toForget(body)
      const { reason, app } = body
      const rest = { ...(reason === undefined ? {} : { reason }) }
      return (_, now) => ({
        drafts: portions(forgotten).map(members => ({
          ...common({ actor, request }, 'fleet.forgotten', now),
          outcome: 'applied' as const,
          application: app ?? (members[0]?.app as string),
          forgotten: members.map(({ id, instance }) => ({ id, instance })),
          ...rest,
        })),
      })
    })
    if (body.lost && body.app !== undefined) this.#fleet.forgetRefused(body.app)
    return { ...submitted, forgotten, refused }
  }

  /** Throws `nothing-to-reconcile`, and `forbidden` below the restore role of any flag concerned. */
  async reconcile(actor: Actor, body: Reconcile, origin: Origin): Promise<Submitted> {
    const act = { action: 'fleet.reconciled' as const, priority: 'flip' as const, body }
    return this.#submissions.submit(actor, act, origin, request => {
      const holds = this.#unknownHolds(body.app)
      this.#mayReconcile(actor, Object.keys(holds))
      if (Object.keys(holds).length === 0)
        throw new KillswitchError(
          'nothing-to-reconcile',
          `No instance of ${body.app} holds a flag for a reason that this log does not have.`,
          {
            wayOut: [
              byCall(
                { method: 'GET', path: `/v1/instances?app=${encodeURIComponent(body.app)}` },
                'lists them',
              ),
            ],
          },
        )
      const reconciled = Object.entries(holds).map(([flag, ids]) => ({ flag, holds: ids }))
      return (_, now): { drafts: Draft[] } => ({
        drafts: [
          {
            ...common({ actor, request }, 'fleet.reconciled', now),
            outcome: 'applied',
            application: body.app,
            flags: reconciled.map(({ flag }) => flag),
            reconciled,
            reason: body.reason,
          },
        ],
      })
    })
  }

  #toForget({ app, instance, lost }: Forget): Member[] {
    const now = this.#clock()
    const there = [...this.#fleet.members(app)].filter(member => member.gone === undefined)
    if (lost !== undefined) {
      if (app === undefined || instance !== undefined)
        throw badInput(
          { in: 'body', path: 'body.lost', problem: 'takes "app", and no "instance"' },
          'Those that are lost are forgotten by application.',
        )
      return this.#lostOf(app)
    }
    if (instance === undefined)
      throw badInput(
        { in: 'body', path: 'body.instance', rule: 'required', problem: 'is needed' },
        'Name the instance, or send "lost": true with the application.',
      )
    const named = there.filter(member => member.instance === instance)
    if (named.length === 0) throw unknownInstance(instance, there)
    const live = named.find(member => member.proves && livenessOf(member, now) === 'live')
    if (live !== undefined)
      throw new KillswitchError(
        'instance-live',
        `${instance} (${live.app}) was heard of ${Math.round((now - live.heardAt) / 1000)} s ago: it is running, and is waited for.`,
        { wayOut: [by('Stop it first: it says goodbye, or is lost after 45 s.')] },
      )
    return named
  }

  #lostOf(app: string): Member[] {
    const now = this.#clock()
    return [...this.#fleet.members(app)].filter(
      member => member.gone === undefined && livenessOf(member, now) === 'lost',
    )
  }

  #unknownHolds(app: string): Record<string, string[]> {
    const found: Record<string, string[]> = Object.create(null)
    for (const { receipt, gone } of this.#fleet.members(app)) {
      if (receipt?.holding === undefined || gone !== undefined) continue
      for (const [flag, ids] of Object.entries(unknownHolds(receipt.holding, this.#log.known)))
        found[flag] = [...new Set([...(found[flag] ?? []), ...ids])]
    }
    return found
  }

  #mayReconcile(actor: Actor, flags: readonly string[]): void {
    for (const key of flags) {
      const needed = this.#log.state.flags.get(key)?.definition.restoreRole ?? 'engineer'
      if (actor.only !== undefined || !reaches(actor.role, needed))
        throw forbidden(actor, `release ${key} in the apps`, needed)
    }
  }
}

function portions<T>(list: readonly T[]): T[][] {
  const found: T[][] = []
  for (let from = 0; from < list.length; from += PER_ENTRY) found.push(list.slice(from, from + PER_ENTRY))
  return found
}

const unknownInstance = (instance: string, there: readonly Member[]): KillswitchError =>
  new KillswitchError('unknown-instance', `No instance "${instance}" is known here.`, {
    near: there
      .map(each => each.instance)
      .filter(each => formOf(each) === formOf(instance))
      .slice(0, 10),
    wayOut: [byCall({ method: 'GET', path: '/v1/instances' }, 'lists those there are')],
  })
