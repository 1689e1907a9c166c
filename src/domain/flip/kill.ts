// A kill: one shape from the request to the disk of an instance and into the log, and its rules. A kill always wins, takes
// no variant and needs no paperwork. Of several flags it is all or none.

import { createHash } from 'node:crypto'
import type { RunVerdict } from '../../wire/runbook.js'
import { type Actor, reaches } from '../actor.js'
import { unknownFlag } from '../catalogue/near-key.js'
import { KillswitchError } from '../errors.js'
import { warnOf } from '../incident/warnings.js'
import type { Draft } from '../log/audit.js'
import { type FlagState, pinnedVariant, type State, summariseHold } from '../state.js'
import {
  common,
  forbidden,
  paperwork,
  type RequestInfo,
  refuse,
  type StepClaim,
  unknownFor,
  type Verdict,
} from './flip.js'
import type { Hold } from './hold.js'

export type Kill = {
  v: 1
  /** `step.run`: of a step, or of several flags in one act: an entry that names them all comes before those of the kills. */
  action: 'kill' | 'step.run'
  /** Each is to be held; one, where it is no run. */
  flags: readonly string[]
  /** RFC 3339: when an instance took the request, which is when its holds begin. */
  receivedAt: string
  actor: Actor
  claim: StepClaim
  reason?: string
  incident?: string
  request: RequestInfo
  /** Where it comes from an abandoned branch: its entry there. */
  origin?: { place: number; hash: string }
  /** Where an app instance showed it back, as the log did not have it: the hold it was, and who showed it. */
  shown?: NonNullable<Draft['shown']>
}

/** `accepted`: it passed the rules when an instance took it without the store, and is only brought into the log now. */
export type Terms = 'asked' | 'accepted'

/** Ten characters that follow from who, which request and which flag: a replay finds the hold it made. */
const holdId = (actor: string, key: string, flag: string): string =>
  createHash('sha256').update(`${actor}\n${key}\n${flag}`).digest('hex').slice(0, 10)

/** The hold that a kill puts on a flag: one that was shown back is the same as before. */
export const holdIdOf = ({ actor, request, shown }: Kill, flag: string): string =>
  shown?.hold ?? holdId(actor.id, request.key, flag)

/** One entry for each flag, `unchanged` where the same incident (or actor) holds it already; all of them or none. */
export function decideKill(state: State, asked: Kill, terms: Terms = 'asked'): Verdict {
  // a run that was torn and sent again may name a flag twice, as a branch tells it: each is held once
  const kill = withIncidentWarning(state, { ...asked, flags: [...new Set(asked.flags)] })
  const verdict = isRun(kill) ? decideRun(state, kill, terms) : decideOne(state, kill, terms)
  const { origin } = kill
  return origin ? { ...verdict, drafts: verdict.drafts.map(draft => ({ ...draft, origin })) } : verdict
}

/** A branch may tell of several flags under one request, whatever it was there. */
const isRun = ({ action, flags }: Kill): boolean => action === 'step.run' || flags.length !== 1

function decideOne(state: State, kill: Kill, terms: Terms): Verdict {
  const [key = ''] = kill.flags
  const command = { ...kill, flag: key }
  const flag = state.flags.get(key)
  const now = Date.parse(kill.receivedAt)
  if (flag === undefined) return refuse(command, 'kill', unknownFor(state, command), now)
  const refusal = terms === 'accepted' ? undefined : mayKill(kill.actor, flag)
  return refusal ? refuse(command, 'kill', refusal, now) : { drafts: [killDraft(state, flag, kill, terms)] }
}

function decideRun(state: State, kill: Kill, terms: Terms): Verdict {
  const now = Date.parse(kill.receivedAt)
  const verdicts = judge(state, kill, terms)
  const refused = verdicts.filter(each => each.error !== undefined)
  if (refused.length > 0) {
    const code = refused[0]?.error?.code ?? 'forbidden'
    const detail = `It is all or none, and ${refused.length} of ${verdicts.length} kills is refused: ${refused.map(each => each.error?.message).join(' ')}`
    const error = new KillswitchError(code, detail, {
      ...refused[0]?.error?.data,
      verdicts: verdicts.map(({ error, ...verdict }) => ({
        ...verdict,
        ...(error ? { detail: error.message } : {}),
      })),
    })
    return refuse(kill, 'step.run', error, now)
  }
  const kills = kill.flags.map(key => killDraft(state, state.flags.get(key) as FlagState, kill, terms))
  const outcome = kills.some(each => each.outcome === 'applied') ? 'applied' : 'unchanged'
  const run: Draft = {
    ...common({ actor: kill.actor, request: kill.request }, 'step.run', now),
    outcome,
    flags: [...kill.flags],
    ...paperwork(kill),
  }
  return { drafts: [run, ...kills] }
}

/** What would be said of each flag. */
export function judge(
  state: State,
  kill: Pick<Kill, 'actor' | 'flags' | 'incident'>,
  terms: Terms = 'asked',
): (RunVerdict & { error?: KillswitchError })[] {
  return kill.flags.map(key => {
    const flag = state.flags.get(key)
    if (flag === undefined)
      return {
        flag: key,
        verdict: 'refused',
        error: unknownFlag(state.flags, key),
      }
    const error = terms === 'accepted' ? undefined : mayKill(kill.actor, flag)
    const verdict = error ? 'refused' : heldAlready(flag, kill) ? 'already-held' : 'kill'
    return { flag: key, verdict, label: flag.definition.killLabel, ...(error ? { error } : {}) }
  })
}

/** A kill may name an incident that nobody declared, or that is over: it is taken, and told. */
function withIncidentWarning(state: State, kill: Kill): Kill {
  const { claim, incident } = kill
  const warning = incident === undefined ? undefined : warnOf(state, incident)
  // one that comes from an entry says it already
  if (warning === undefined || claim.warnings.some(({ code }) => code === warning.code)) return kill
  return { ...kill, claim: { ...claim, warnings: [...claim.warnings, warning] } }
}

/** Why this actor may not kill this flag; undefined where it may. */
function mayKill(actor: Actor, { definition }: FlagState): KillswitchError | undefined {
  if (reaches(actor.role, definition.killRole)) return undefined
  return forbidden(actor, `kill ${definition.key}`, definition.killRole)
}

/** The hold this kill would be: one per incident, or per actor where no incident is named. */
const heldAlready = (
  flag: FlagState,
  { actor, incident }: Pick<Kill, 'actor' | 'incident'>,
): Hold | undefined =>
  flag.holds.find(hold =>
    incident === undefined
      ? hold.incident === undefined && hold.actor === actor.id
      : hold.incident === incident,
  )

/**
 * The entry of one kill. A second kill by the same incident (or actor) is `unchanged`, and still an entry. So is one that
 * comes in late: an app had shown its hold back meanwhile, and the hold was released. What a branch tells of is decided anew.
 */
function killDraft({ merged }: State, flag: FlagState, kill: Kill, terms: Terms): Draft {
  const { definition } = flag
  const { actor, incident, request, receivedAt, shown } = kill
  const own = holdIdOf(kill, definition.key)
  // a hold that this very request put is the one, whoever has adopted it since
  const held = flag.holds.find(hold => hold.id === own) ?? heldAlready(flag, kill)
  const isLate = terms === 'accepted' && kill.origin === undefined && receivedAt < flag.flippedAt
  const isOver = !held && isLate && merged.includes(own)
  const id = held?.id ?? own
  const added = { id, actor: actor.id, ...(incident === undefined ? {} : { incident }), since: receivedAt }
  const holds = flag.holds.map(summariseHold)
  return {
    ...common({ actor, request, flag: definition.key }, 'kill', Date.parse(receivedAt)),
    outcome: held || isOver ? 'unchanged' : 'applied',
    application: definition.application,
    label: definition.killLabel,
    from: pinnedVariant(flag),
    to: isOver ? pinnedVariant(flag) : definition.killVariant,
    hold: id,
    holds: held || isOver ? holds : [...holds, added],
    ...(terms === 'accepted' ? { merged: [own] } : {}),
    ...(shown === undefined ? {} : { shown }),
    ...paperwork(kill),
  }
}
