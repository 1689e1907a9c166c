// The catalogue's own word on which step flips which flag, where the text of a runbook does not say.

import { findRunbook, findStep } from '../../../domain/runbook/runbook.js'
import type { StepLink } from '../../../wire/catalogue.js'
import type { Finding, Runbook, Step } from '../../../wire/runbook.js'
import { joinConditions } from './conditions.js'
import { actionOf, type KnownFlag } from './flag-values.js'

export type Linked = { runbooks: Runbook[]; findings: Finding[] }

/**
 * The runbooks with a `link` action on every linked step, which then is no `switch-without-flag` any more, and a
 * `dangling-link` finding for every link that leads nowhere or to several steps. Nothing given is changed.
 */
export function applyLinks(
  runbooks: readonly Runbook[],
  links: readonly StepLink[],
  flags: readonly KnownFlag[],
): Linked {
  const linked = new Map<string, Step>()
  const findings: Finding[] = []
  for (const link of links) {
    const found = findStep(runbooks, link.step)
    const flag = flags.find(({ key }) => key === link.flag)
    if (found.outcome === 'found' && flag)
      linked.set(found.step.id, withLink(linked.get(found.step.id) ?? found.step, link, flag))
    else findings.push(dangling(runbooks, link, flag !== undefined))
  }
  return { runbooks: runbooks.map(runbook => withSteps(runbook, linked)), findings }
}

function withLink(step: Step, link: StepLink, flag: KnownFlag): Step {
  const variant = link.direction === 'kill' ? flag.killVariant : flag.defaultVariant
  const action = actionOf(flag, variant, step.line, 'link')
  const others = step.flagActions.filter(one => one.flag !== flag.key || one.direction !== link.direction)
  const condition = joinConditions(step.condition, link.condition)
  return { ...step, flagActions: [...others, action], ...(condition && { condition }) }
}

function withSteps(runbook: Runbook, linked: ReadonlyMap<string, Step>): Runbook {
  if (!runbook.steps.some(({ id }) => linked.has(id))) return runbook
  return {
    ...runbook,
    steps: runbook.steps.map(step => linked.get(step.id) ?? step),
    findings: runbook.findings.filter(finding => !isSettled(finding, linked)),
  }
}

const UNSURE: readonly Finding['code'][] = ['limited-kill', 'partly-read', 'unread-flip', 'odd-value']

/** Where the text was not understood, a link on the same step and flag says what is meant. */
function isSettled({ code, step, flag }: Finding, linked: ReadonlyMap<string, Step>): boolean {
  const actions = step === undefined ? undefined : linked.get(step)?.flagActions
  if (actions === undefined) return false
  if (code === 'switch-without-flag') return true
  return UNSURE.includes(code) && actions.some(one => one.flag === flag && one.confidence === 'link')
}

function dangling(runbooks: readonly Runbook[], link: StepLink, isFlagKnown: boolean): Finding {
  const { file, line, flag } = link
  const named = findRunbook(runbooks, link.step.split('/', 1)[0]!)
  const why = isFlagKnown ? whyNoStep(runbooks, link, named) : `there is no flag "${flag}"`
  const message = `the link "${link.step}" -> ${flag} leads nowhere: ${why}`
  return { code: 'dangling-link', message, file, line, flag, ...(named && { runbook: named.id }) }
}

function whyNoStep(runbooks: readonly Runbook[], link: StepLink, named: Runbook | undefined): string {
  const found = findStep(runbooks, link.step)
  if (found.outcome === 'ambiguous') {
    const some = found.candidates.slice(0, 3).map(({ id }) => id)
    return `it means ${found.candidates.length} steps, among them ${some.join(', ')}; name one of them`
  }
  if (!named)
    return `no runbook and no step has that name; the runbooks are ${runbooks.map(({ id }) => id).join(', ') || 'none'}`
  const near = found.outcome === 'unknown' ? found.nearest.map(({ id }) => id) : []
  return near.length > 0 ? `no such step; near it are ${near.join(', ')}` : `${named.id} has no such step`
}
