// The `links:` block to paste for what was not sure in the runbooks: where a team wants certainty, the catalogue decides. Text
// only; whoever pastes it has read the steps.

import { stringify } from 'yaml'
import type { CatalogueDocument, StepLink } from '../wire/catalogue.js'
import type { Finding, FlagAction, Runbook, Step } from '../wire/runbook.js'

type Suggested = Pick<StepLink, 'step' | 'direction' | 'condition'> & { flag?: string; says: string }

const LONGEST = 90

/** The lines of the block, one for each application's file that would take some; none where everything is sure. */
export function suggestedLinks(
  { flags, applications }: CatalogueDocument,
  runbooks: readonly Runbook[],
  findings: readonly Finding[],
): string[] {
  const ofRunbook = new Map(applications.flatMap(({ id, runbook }) => (runbook ? [[runbook, id]] : [])))
  const ofFlag = new Map(flags.map(({ key, application }) => [key, application]))
  const byFile = new Map<string, Suggested[]>()
  for (const runbook of runbooks) {
    for (const step of runbook.steps) {
      for (const link of suggestedFor(step, runbook, findings)) {
        const file =
          (link.flag === undefined ? undefined : ofFlag.get(link.flag)) ?? ofRunbook.get(runbook.id)
        const name = file === undefined ? "an application's file" : `${file}.yaml`
        byFile.set(name, [...(byFile.get(name) ?? []), link])
      }
    }
  }
  return [...byFile].flatMap(([file, links]) => [
    `# ${file}`,
    links.some(({ flag }) => flag !== undefined) ? 'links:' : '# links:',
    ...links.flatMap(linesOf),
  ])
}

function suggestedFor(step: Step, runbook: Runbook, findings: readonly Finding[]): Suggested[] {
  const says = `${runbook.id}.md line ${step.line}: ${step.text}`
  const unsure = step.flagActions
    .filter(({ confidence, direction }) => confidence === 'low' && direction === 'kill')
    .map(action => suggestion(step, action, says))
  const here = findings.filter(finding => finding.step === step.id && finding.runbook === runbook.id)
  const unread = here
    .filter(({ code, flag }) => code === 'unread-flip' && flag !== undefined)
    .map(({ flag }) => ({ step: step.id, flag: flag!, direction: 'kill' as const, says }))
  const unnamed = here
    .filter(({ code }) => code === 'switch-without-flag')
    .map(() => ({ step: step.id, direction: 'kill' as const, says }))
  return [...unsure, ...unread, ...unnamed]
}

/** What the step says besides stays its condition, so that a run goes on asking until the line is taken out. */
function suggestion(step: Step, { flag, limit, condition }: FlagAction, says: string): Suggested {
  const besides = [limit, condition].filter(text => text !== undefined).join('; ')
  return {
    step: step.id,
    flag,
    direction: 'kill',
    ...(besides && { condition: besides }),
    says,
  }
}

function linesOf({ says, flag, ...link }: Suggested): string[] {
  const shown = says.length > LONGEST ? `${says.slice(0, LONGEST - 1)}…` : says
  const { step, ...rest } = link
  const item = { step, flag: flag ?? 'WHICH-FLAG', ...rest }
  const lines = stringify([item], { lineWidth: 0 }).trimEnd().split('\n')
  const mark = flag === undefined ? '# ' : ''
  return [`  # ${shown}`, ...lines.map(line => `  ${mark}${line}`)]
}
