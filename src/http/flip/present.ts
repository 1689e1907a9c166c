// From the domain's objects to what the API shows. No rules: labels, before -> after, and what a reader needs beside it.

import { stillTold } from '../../domain/incident/warnings.js'
import { type Entry, placeOf } from '../../domain/log/audit.js'
import { sentenceOf, variantName } from '../../domain/log/sentence.js'
import { type FlagState, isKilled, killValue, pinnedVariant, type State } from '../../domain/state.js'
import type { Flipped, FlipStatus } from '../../service/flips.js'
import type { FlagDefinition } from '../../wire/catalogue.js'
import type { ListedEntry, Entry as ShownEntry } from '../../wire/entry.js'
import type { Flag } from '../../wire/flag.js'
import type { Flip, FlipAnswer, FlipStatus as StatusAnswer } from '../../wire/flip.js'
import type { Step } from '../../wire/runbook.js'
import type { FlagValue } from '../../wire/words.js'

export function presentFlag(flag: FlagState, environment: string, steps?: Step[]): Flag {
  const { definition, holds, orphaned, place, lastProof } = flag
  const { key, application, description, owner, effect, killVariant, defaultVariant } = definition
  const killed = isKilled(flag)
  const normal = variantName(null, definition)
  return {
    key,
    application,
    environment,
    description,
    owner,
    effect,
    killed,
    variant: pinnedVariant(flag),
    value: killed ? killValue(definition) : (definition.variants[defaultVariant] as FlagValue),
    label: killed ? `${definition.killLabel}: ${normal} -> ${killVariant}` : `normal: ${normal}`,
    kill: {
      label: definition.killLabel,
      variant: killVariant,
      value: killValue(definition),
      role: definition.killRole,
    },
    restore: {
      label: definition.restoreLabel,
      variant: defaultVariant,
      value: definition.variants[defaultVariant] as FlagValue,
      role: definition.restoreRole,
    },
    holds: holds.map(({ flag: _, role: _role, joined: _joined, ...hold }) => hold),
    ...(flag.notApplied === undefined ? {} : { notApplied: [...flag.notApplied] }),
    orphaned,
    place,
    ...(lastProof === undefined ? {} : { lastProof }),
    ...(steps === undefined ? {} : { steps: steps.flatMap(step => linkTo(step, key)) }),
  }
}

const linkTo = (step: Step, flag: string) =>
  step.flagActions
    .filter(action => action.flag === flag)
    .map(({ direction }) => ({ id: step.id, code: step.code, direction }))

function presentFlip(entry: Entry, definition: FlagDefinition | undefined): Flip {
  const { action, outcome, holds } = entry
  return {
    ...(entry.seq === 0 ? {} : { id: placeOf(entry) }),
    action,
    outcome,
    changed: outcome === 'applied' && action !== 'drill',
    summary: sentenceOf(entry, definition),
    ...pick(entry, ['flag', 'application']),
    ...(holds === undefined ? {} : { killed: holds.length > 0 }),
    ...pick(entry, ['label', 'from', 'to', 'incident', 'step', 'runbook']),
    offRunbook: entry.offRunbook ?? false,
    warnings: entry.warnings ?? [],
    ...pick(entry, ['reason', 'hold', 'released', 'holds', 'incidents']),
    actor: entry.actor,
    at: entry.at,
    key: entry.request.key,
  }
}

function pick<K extends keyof Entry>(entry: Entry, names: K[]): Partial<Pick<Entry, K>> {
  return Object.fromEntries(
    names.filter(name => entry[name] !== undefined).map(name => [name, entry[name]]),
  ) as Partial<Pick<Entry, K>>
}

type Definitions = (key: string | undefined) => FlagDefinition | undefined
type Known = Pick<State, 'incidents' | 'undeclared'>

/** The answer to a flip: its entry; for several flags the one that names them, with one per flag. */
export function presentAnswer(
  { entries, durability, replayed }: Flipped,
  environment: string,
  definitions: Definitions,
): FlipAnswer {
  const [first, ...rest] = entries.map(entry => presentFlip(entry, definitions(entry.flag)))
  const flips = first?.action === 'step.run' ? { flips: rest } : {}
  return { ...(first as Flip), environment, durability, replayed, ...flips }
}

const DETAILS: Record<FlipStatus['state'], string> = {
  applied: 'It was done, once, and is in the log.',
  unchanged: 'It was taken, and found nothing to change: the flag was held so already.',
  refused: 'It was refused, and changed nothing.',
  provisional:
    'It is in force for the apps of this instance and on its disk; it comes into the log when the store is back.',
  pending: 'It is on its way, or its outcome is not known yet: ask again in a second.',
  never: 'It was not done, and now cannot be: its attempt was closed in the log.',
}

/** What became of a flip, as it is now: of its warnings those that are true still. */
export function presentStatus(
  status: FlipStatus,
  environment: string,
  definitions: Definitions,
  known: Known,
): StatusAnswer {
  const [first, ...rest] = status.entries.map(entry => ({
    ...presentFlip(entry, definitions(entry.flag)),
    warnings: stillTold(known, entry),
  }))
  return {
    state: status.state,
    environment,
    detail: DETAILS[status.state],
    ...(first ? { flip: first } : {}),
    ...(rest.length > 0 ? { flips: rest } : {}),
  }
}

/** An entry whole, as its own page shows it. `definition`: of its flag. */
export const presentEntry = (
  entry: Entry,
  hash: string,
  definition: FlagDefinition | undefined,
): ShownEntry => ({
  place: placeOf(entry),
  ...entry,
  hash,
  sentence: sentenceOf(entry, definition),
})

/** An entry as pages list it: a catalogue in short. */
export function listEntry(
  { catalogue, ...entry }: Entry,
  hash: string,
  definition?: FlagDefinition,
): ListedEntry {
  const summary = catalogue && {
    digest: catalogue.digest,
    flags: catalogue.flags.map(flag => flag.key),
    runbooks: catalogue.runbooks.map(({ id, digest }) => ({ id, digest })),
  }
  const listed = { ...entry, ...(summary ? { catalogue: summary } : {}) }
  return { place: placeOf(entry), ...listed, hash, sentence: sentenceOf(listed, definition) }
}
