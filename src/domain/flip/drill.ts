// A drill proves the path of a kill end to end without changing any value: it moves the revision, so that every app
// instance confirms it by receipt, and dates the flag's last proof.

import type { Actor } from '../actor.js'
import { unknownFlag } from '../catalogue/near-key.js'
import { KillswitchError } from '../errors.js'
import { mayWork } from '../incident/rules.js'
import { pinnedVariant, type State, summariseHold } from '../state.js'
import { common, type RequestInfo, refuse, type Verdict } from './flip.js'

export type DrillCommand = { flag: string; actor: Actor; request: RequestInfo; reason?: string }

export function decideDrill(state: State, command: DrillCommand, now: number): Verdict {
  try {
    mayWork(command.actor, `drill ${command.flag}`, 'engineer')
    const flag = state.flags.get(command.flag)
    if (flag === undefined) throw unknownFlag(state.flags, command.flag)
    const inForce = pinnedVariant(flag)
    const { application, killLabel } = flag.definition
    return {
      drafts: [
        {
          ...common(command, 'drill', now),
          outcome: 'applied',
          application,
          label: `Drill of "${killLabel}"`,
          from: inForce,
          to: inForce,
          holds: flag.holds.map(summariseHold),
          ...(command.reason === undefined ? {} : { reason: command.reason }),
        },
      ],
    }
  } catch (error) {
    if (error instanceof KillswitchError) return refuse(command, 'drill', error, now)
    throw error
  }
}
