// Another key signs the log from here on: a rule for an owner. Written with the key that signed until then; where that is
// lost, on the disk alone (`rekey-log.ts`).

import type { Actor } from '../actor.js'
import { badInput, by, KillswitchError } from '../errors.js'
import { common, forbidden, type RequestInfo, refuse, type Verdict } from '../flip/flip.js'
import type { State } from '../state.js'
import { placeOf } from './audit.js'
import type { LogKeys } from './log-keys.js'

export type RekeyCommand = { actor: Actor; request: RequestInfo; reason: string; key: string; keys: LogKeys }

export function decideRekey(state: State, command: RekeyCommand, now: number): Verdict {
  const { actor, request, reason, key, keys } = command
  const refusal = refusalOf(state, command)
  const next = keys.signer(key)
  if (refusal !== undefined || next === undefined)
    return refuse(command, 'log.rekeyed', refusal ?? notGiven(command), now)
  const { head } = state
  const signing = { key: next.publicKey, after: { place: placeOf(head), hash: head.hash } }
  return {
    drafts: [{ ...common({ actor, request }, 'log.rekeyed', now), outcome: 'applied', reason, signing }],
  }
}

function refusalOf({ signing }: State, command: RekeyCommand): KillswitchError | undefined {
  const { actor, key } = command
  if (actor.role !== 'owner' || actor.only !== undefined)
    return forbidden(actor, 'change the key of the log', 'owner')
  if (signing === undefined)
    return new KillswitchError('no-log-key', 'The log is not signed yet, so there is no key to change.', {
      wayOut: [
        by('Give every instance the same KILLSWITCH_LOG_KEY_FILE: then the log is taken over by itself.'),
      ],
    })
  if (signing.keyId !== key) return undefined
  return badInput(
    { in: 'body', path: 'body.key', problem: `is ${key}, and that key signs the log now` },
    undefined,
    by('Name the key that is to sign from now on.'),
  )
}

const notGiven = ({ key, keys }: RekeyCommand): KillswitchError => {
  const given = keys.signing.map(({ id }) => id).join(', ')
  return badInput(
    { in: 'body', path: 'body.key', problem: `is ${key}, and this instance was not given that key` },
    undefined,
    by(
      `Put its PEM into the file KILLSWITCH_LOG_KEY_FILE of every instance, after the key that signs now, and start each again. Given here: ${given}.`,
    ),
  )
}
