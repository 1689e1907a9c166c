// From drafts to steps: ordinals, ids, conditions and flag actions, and what about them a person should look at.

import { conditionDetail, limitDetail } from '../../domain/runbook/step-doubts.js'
import type { Finding, FlagAction, Step } from '../../wire/runbook.js'
import { toRun } from './facts/to-run.js'
import { readCodes, readCommands, readLine, wholeCommands } from './flips/commands.js'
import { conditionOf, conditionOfTitle, joinConditions } from './flips/conditions.js'
import { readConfig } from './flips/config-blocks.js'
import { contextOf } from './flips/context.js'
import { readText } from './flips/flag-actions.js'
import { mentionsIn } from './flips/flag-mentions.js'
import { type FlagReading, type KnownFlags, nothingRead } from './flips/flag-values.js'
import { type Qualifier, withQualifiers } from './flips/qualifiers.js'
import type { Draft, Place } from './structure/drafts.js'
import { fenceKind } from './structure/fences.js'
import { dropStart, type Prose } from './structure/prose.js'

/** `read` is what all the texts of the steps said of flags. */
export type NamedSteps = { steps: Step[]; findings: Finding[]; read: FlagReading }

type Above = { parent?: Step; leads: readonly Prose[] }

const LONGEST_TEXT = 1000

/** Steps in the order of the source; ids are unique, codes still empty. */
export function nameSteps(runbook: string, places: readonly Place[], flags: KnownFlags): NamedSteps {
  const named: NamedSteps = { steps: [], findings: [], read: nothingRead() }
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
    const outer = above.parent ? above.parent.condition : this.#conditionAbove(draft)
    const condition = joinConditions(outer, conditionOf(draft.prose.text))
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
      flagActions: reading.actions.map(action => withoutRepeating(action, condition)),
    }
    const named = [...new Set(reading.denied.map(({ flag }) => flag))]
    if (named.length > 0) step.named = named
    Object.assign(step, toRun(draft))
    this.#named.steps.push(step)
    const inner: Above = { parent: step, leads: [draft.prose, ...leads] }
    const nested = draft.children.map((child, index) => this.add(child, `${ordinal}.${index + 1}`, inner))
    const acts = reading.actions.length > 0 || nested.includes(true)
    this.#report(step, reading, acts)
    return acts
  }

  /** What headings, labels and the lead make the step depend on; what is nested in it has it from its parent. */
  #conditionAbove({ lead }: Draft): string | undefined {
    const said = [...this.#titles, ...(lead ? [lead.text] : [])].map(title => conditionOfTitle(title))
    return said.reduce((outer, own) => joinConditions(outer, own), undefined)
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
    const { read } = this.#named
    for (const { actions, oddities, denied } of readings) {
      read.actions.push(...actions)
      read.oddities.push(...oddities)
      read.denied.push(...denied)
    }
    return {
      actions: this.#qualified(distinct(readings.flatMap(({ actions }) => actions)), draft, leads),
      oddities: readings.flatMap(({ oddities }) => oddities),
      denied: readings.flatMap(({ denied }) => denied),
    }
  }

  /** What stands around the flip may make less of it than its own clause does. */
  #qualified(actions: FlagAction[], draft: Draft, leads: readonly Prose[]): FlagAction[] {
    if (actions.length === 0) return actions
    const above = [...this.#titles, ...leads.map(({ text }) => text)]
    const around = contextOf(draft, above, this.#flags)
    const issue = issueOf(draft)
    const isSaid = issue === undefined || around.some(({ text }) => text === issue.text)
    const all = isSaid ? around : [...around, issue]
    if (all.length === 0) return actions
    return actions.map(action =>
      withQualifiers(around.length === 0 ? action : { ...action, confidence: 'low' }, all),
    )
  }

  /** A kill of which not every word is understood. */
  #reportPart(action: FlagAction, about: { runbook: string; step: string }): void {
    const { flag, line, limit, condition } = action
    if (action.direction !== 'kill' || action.confidence !== 'low') return
    const asks = 'A run asks for the flag by name; where that is wrong, link the step in the catalogue'
    if (limit !== undefined) {
      const message = `${limitDetail(flag, limit)} ${asks}`
      this.#named.findings.push({ code: 'limited-kill', message, ...about, line, flag })
    } else if (condition !== undefined) {
      const message = `${conditionDetail(flag, condition)} ${asks}`
      this.#named.findings.push({ code: 'partly-read', message, ...about, line, flag })
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
    for (const action of reading.actions) this.#reportPart(action, about)
    if (acts || reading.oddities.length > 0 || !looksLikeSwitch(step.text)) return
    const message = `"${shorten(step.text, 80)}" could be a switch and names no flag; link it in the catalogue if it is one`
    this.#named.findings.push({ code: 'switch-without-flag', message, ...about, line: step.line })
  }
}

const isCommands = (fence: Draft['fences'][number]) => fenceKind(fence, []) === 'commands'

/** A command is read as one, and not as a sentence. */
const spoken = (draft: Draft, prose: Prose, flags: KnownFlags, leads: readonly Prose[]): FlagReading[] =>
  draft.isBare && prose === draft.prose ? [] : [readText(clauseOf(draft, prose, flags), flags, leads)]

/** "Odd answers | Disable `ai_v1`": the row is for when that is so. */
function issueOf({ clauseFrom, prose }: Draft): Qualifier | undefined {
  const issue = prose.text.slice(0, clauseFrom ?? 0).replace(/[\s:]+$/, '')
  return issue === '' ? undefined : { kind: 'condition', text: issue }
}

/** Of a row the cell that says what to do, where it names the flag itself. */
function clauseOf({ clauseFrom }: Draft, prose: Prose, flags: KnownFlags): Prose {
  if (clauseFrom === undefined) return prose
  const clause = dropStart(prose, clauseFrom)
  return mentionsIn(clause, flags).length > 0 ? clause : prose
}

function commandsOf({ isBare, prose, commands = [] }: Draft, flags: KnownFlags): FlagReading[] {
  const reading = nothingRead()
  const lines = [...(isBare ? [prose] : []), ...commands]
  for (const { text, lineAt } of wholeCommands(lines)) readLine(text, lineAt, flags, reading)
  return [reading]
}

/** What the whole step depends on is said once, at the step. */
function withoutRepeating(action: FlagAction, condition: string | undefined): FlagAction {
  if (action.condition === undefined || condition === undefined) return action
  const { condition: own, ...rest } = action
  const left = own.split('; ').filter(part => !condition.includes(part))
  return left.length === 0 ? rest : { ...rest, condition: left.join('; ') }
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
  /(?:^|[.:;,(]\s+|\b(?:then|and|or|to)\s+)(?:\w{1,20}ly\s+)?(?:(?:(?:re-?)?enable|disable|(?:de)?activate|(?:turn|switch|shut|flip|toggle)\s+(?:off|on)|stop|pause|suspend|resume)\s+\p{L}|(?:flip|toggle|switch|turn|set|pull|trip)\b[^.;]{0,60}?\b(?:flags?|toggles?|kill[\s-]?switch|feature|off|on)\b)/iu
const NOT_A_SWITCH = /\b(do not|don't|never|avoid|without)\b/i

const looksLikeSwitch = (text: string): boolean => SWITCH.test(text) && !NOT_A_SWITCH.test(text)

const shorten = (text: string, most = LONGEST_TEXT): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text
