// From drafts to steps: ordinals, ids, conditions and flag actions, and what about them a person should look at.

import type { Finding, FlagAction, Step } from '../../domain/runbook.js'
import { readCodes, readCommands, readLine } from './commands.js'
import { conditionOf, joinConditions } from './conditions.js'
import { readConfig } from './config-blocks.js'
import type { Draft, Place } from './drafts.js'
import { fenceKind } from './fences.js'
import { readText } from './flag-actions.js'
import type { FlagReading, KnownFlags } from './flag-values.js'
import type { Prose } from './prose.js'

export type NamedSteps = { steps: Step[]; findings: Finding[] }

type Above = { parent?: Step; leads: readonly Prose[] }

const LONGEST_TEXT = 1000

/** Steps in the order of the source; ids are unique, codes still empty. */
export function nameSteps(runbook: string, places: readonly Place[], flags: KnownFlags): NamedSteps {
  const named: NamedSteps = { steps: [], findings: [] }
  for (const place of places) {
    const prefix = place.path === '' ? runbook : `${runbook}/${place.path}`
    const naming = new Naming(runbook, prefix, place.titles, flags, named)
    place.drafts.forEach((draft, index) => void naming.add(draft, String(index + 1), { leads: [] }))
  }
  return named
}

class Naming {
  readonly #runbook: string
  readonly #prefix: string
  readonly #titles: readonly string[]
  readonly #flags: KnownFlags
  readonly #named: NamedSteps

  constructor(
    runbook: string,
    prefix: string,
    titles: readonly string[],
    flags: KnownFlags,
    named: NamedSteps,
  ) {
    this.#runbook = runbook
    this.#prefix = prefix
    this.#titles = titles
    this.#flags = flags
    this.#named = named
  }

  /** Adds the step and those nested in it; says whether any of them acts on a flag. */
  add(draft: Draft, ordinal: string, above: Above): boolean {
    const leads = [...(draft.lead ? [draft.lead] : []), ...above.leads]
    const reading = this.#read(draft, leads)
    const condition = joinConditions(above.parent?.condition, conditionOf(draft.prose.text))
    const step: Step = {
      id: `${this.#prefix}/${ordinal}`,
      code: '',
      text: shorten(draft.prose.text),
      line: draft.prose.line,
      headingPath: [...this.#titles],
      ordinal,
      ...(above.parent && { parent: above.parent.id }),
      kind: draft.kind,
      ...(condition && { condition }),
      flagActions: reading.actions,
    }
    this.#named.steps.push(step)
    const inner: Above = { parent: step, leads: [draft.prose, ...leads] }
    const nested = draft.children.map((child, index) => this.add(child, `${ordinal}.${index + 1}`, inner))
    const acts = reading.actions.length > 0 || nested.includes(true)
    this.#report(step, reading, acts)
    return acts
  }

  #read(draft: Draft, leads: readonly Prose[]): FlagReading {
    const flags = this.#flags
    const readings = [
      ...draft.fences.map(fence => readConfig(fence, flags)),
      ...draft.fences.filter(isCommands).map(fence => readCommands(fence, flags)),
      ...commandsOf(draft, flags),
      ...[draft.prose, ...draft.more].flatMap(prose => [
        readCodes(prose, flags),
        ...spoken(draft, prose, flags, leads),
      ]),
    ]
    return {
      actions: distinct(readings.flatMap(({ actions }) => actions)),
      oddities: readings.flatMap(({ oddities }) => oddities),
    }
  }

  #report(step: Step, reading: FlagReading, acts: boolean): void {
    const about = { runbook: this.#runbook, step: step.id }
    for (const { flag, said, line } of reading.oddities) {
      const message = `the step flips ${flag} to "${said}", which is none of its variants; name the variant in the runbook, or link the step in the catalogue`
      this.#named.findings.push({ code: 'odd-value', message, ...about, line, flag })
    }
    for (const action of reading.actions.filter(({ direction }) => direction === 'other')) {
      const message = `the step sets ${action.flag} to ${JSON.stringify(action.value)}, which is neither its normal nor its kill variant`
      this.#named.findings.push({
        code: 'odd-value',
        message,
        ...about,
        line: action.line,
        flag: action.flag,
      })
    }
    if (acts || reading.oddities.length > 0 || !looksLikeSwitch(step.text)) return
    const message = `"${shorten(step.text, 80)}" could be a switch and names no flag; link it in the catalogue if it is one`
    this.#named.findings.push({ code: 'switch-without-flag', message, ...about, line: step.line })
  }
}

const isCommands = (fence: Draft['fences'][number]) => fenceKind(fence, []) === 'commands'

/** A command is read as one, and not as a sentence. */
const spoken = (draft: Draft, prose: Prose, flags: KnownFlags, leads: readonly Prose[]): FlagReading[] =>
  draft.isBare && prose === draft.prose ? [] : [readText(prose, flags, leads)]

function commandsOf({ isBare, prose, commands = [] }: Draft, flags: KnownFlags): FlagReading[] {
  const reading: FlagReading = { actions: [], oddities: [] }
  for (const { text, line } of [...(isBare ? [prose] : []), ...commands]) readLine(text, line, flags, reading)
  return [reading]
}

/** One action per flag and line: where a key is named for sure, the guess from a name is not needed. */
function distinct(actions: readonly FlagAction[]): FlagAction[] {
  const sure = new Set(actions.filter(({ confidence }) => confidence === 'high').map(({ flag }) => flag))
  const seen = new Set<string>()
  return actions.filter(({ flag, variant, line, confidence }) => {
    const key = JSON.stringify([flag, variant, line])
    if (seen.has(key) || (confidence === 'low' && sure.has(flag))) return false
    seen.add(key)
    return true
  })
}

const SWITCH =
  /(?:^|[.:;,(]\s+|\b(?:then|and|or|to)\s+)(?:\w{1,20}ly\s+)?(?:(?:re-?)?enable|disable|(?:de)?activate|(?:turn|switch|shut)\s+(?:off|on)|stop|pause|suspend|resume)\s+\p{L}/iu
const NOT_A_SWITCH = /\b(do not|don't|never|avoid|without)\b/i

const looksLikeSwitch = (text: string): boolean => SWITCH.test(text) && !NOT_A_SWITCH.test(text)

const shorten = (text: string, most = LONGEST_TEXT): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text
