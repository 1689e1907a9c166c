// Dates the log right after a clock that was ahead: a rule for an owner, and the only entry whose hour may be before that of
// the entry it follows.

import type { Actor } from '../actor.js'
import { toSecond } from '../clock.js'
import { by, KillswitchError } from '../errors.js'
import { common, forbidden, type RequestInfo, refuse, type Verdict } from '../flip/flip.js'
import type { State } from '../state.js'
import { APART_MS, type Clocks } from './clocks.js'

export type RedateCommand = { actor: Actor; request: RequestInfo; reason: string; clocks: Clocks }

export function decideRedate({ head }: State, command: RedateCommand, now: number): Verdict {
  const { actor, request, reason } = command
  const refusal = refusalOf(head.at, command, now)
  if (refusal !== undefined) return refuse(command, 'log.redated', refusal, now)
  return {
    drafts: [
      {
        ...common({ actor, request }, 'log.redated', now),
        ...{ outcome: 'applied', reason, redated: { from: head.at } },
      },
    ],
  }
}

function refusalOf(at: string, { actor, clocks }: RedateCommand, now: number): KillswitchError | undefined {
  if (actor.role !== 'owner' || actor.only !== undefined)
    return forbidden(actor, 'have the log dated anew', 'owner')
  const { own, store, isApart } = clocks
  if (isApart && store !== undefined)
    return new KillswitchError(
      'clocks-apart',
      `This instance's clock says ${toSecond(own)}, and the store's ${toSecond(store)}: which of them is right is not known here.`,
      { wayOut: [by('Set the clocks right, or ask an instance whose clock agrees with the store.')] },
    )
  if (at !== '' && Date.parse(at) - now > APART_MS) return undefined
  return new KillswitchError(
    'nothing-to-redate',
    at === ''
      ? 'The log has no entry yet.'
      : `The log's last hour is ${toSecond(at)}, and that is not in the future: here it is ${toSecond(own)}.`,
    { wayOut: [by('Nothing has to be done: new entries are dated by the clock.')] },
  )
}
