// What a person should look at in a catalogue that is in force or about to be: flags that no runbook names, kills that
// nobody is told to undo, links that lead nowhere. Pure; a finding never keeps anything from starting.

import type { CatalogueDocument, FlagDefinition } from '../wire/catalogue.js'
import type { Direction, Finding, Runbook, Step } from '../wire/runbook.js'
import { compare, didYouMean, quote } from './faults.js'
import type { CataloguePlaces } from './load.js'
import { isTooLarge } from './runbook-files.js'
import { applyLinks } from './runbooks/flips/links.js'

/**
 * Every finding once, by file and line. `read` are the document's runbooks; whether its links are applied already makes
 * no difference. Without `places` a finding names the runbook or the catalogue file alone.
 */
export function checkCatalogue(
  document: CatalogueDocument,
  read: readonly Runbook[],
  places?: CataloguePlaces,
): Finding[] {
  const { runbooks, findings } = applyLinks(read, document.links, document.flags)
  const found = [
    ...runbooks.flatMap(runbook => runbook.findings.map(finding => ({ runbook: runbook.id, ...finding }))),
    ...findings,
    ...document.flags.flatMap(flag => findingsOfFlag(flag, runbooks)),
    ...findingsOfApplications(document),
    ...findingsOfSources(document),
  ]
  return inOrder(withoutEchoes(found, document).map(finding => placed(finding, places)))
}

function findingsOfFlag({ key, application }: FlagDefinition, runbooks: readonly Runbook[]): Finding[] {
  const kill = firstStep(runbooks, key, 'kill')
  if (kill === undefined) {
    const message = `no step of any runbook kills ${key}: name it beside a verb in a step, or link a step to it`
    return [{ code: 'flag-without-step', flag: key, file: `${application}.yaml`, message }]
  }
  if (firstStep(runbooks, key, 'restore') !== undefined) return []
  const message = `${kill.step.id} kills ${key}, and no step of any runbook restores it: add the step that does, and who may`
  const { step, runbook, line } = kill
  return [{ code: 'kill-without-restore-step', flag: key, runbook, step: step.id, line, message }]
}

function firstStep(
  runbooks: readonly Runbook[],
  flag: string,
  direction: Direction,
): { runbook: string; step: Step; line: number } | undefined {
  for (const { id, steps } of runbooks) {
    for (const step of steps) {
      const action = step.flagActions.find(one => one.flag === flag && one.direction === direction)
      if (action !== undefined) return { runbook: id, step, line: action.line }
    }
  }
  return undefined
}

function findingsOfApplications({ applications, runbooks }: CatalogueDocument): Finding[] {
  const ids = runbooks.map(({ id }) => id)
  return applications.flatMap(({ id, runbook }): Finding[] => {
    if (runbook === undefined || ids.includes(runbook)) return []
    const message = `names the runbook ${quote(runbook)}, which is not there${didYouMean(runbook, ids)}`
    return [{ code: 'dangling-link', file: `${id}.yaml`, message }]
  })
}

function findingsOfSources({ runbooks }: CatalogueDocument): Finding[] {
  return runbooks.flatMap((runbook): Finding[] => {
    if (isTooLarge(runbook)) {
      const message = 'is over 512 KiB and is listed without steps: split it'
      return [{ code: 'too-large', runbook: runbook.id, line: 1, message }]
    }
    const at = runbook.source.indexOf('\ufffd')
    if (at === -1) return []
    const line = runbook.source.slice(0, at).split(/\r\n|\n|\r/).length
    const message = 'holds characters that could not be read: save the file as UTF-8'
    return [{ code: 'unreadable', runbook: runbook.id, line, message }]
  })
}

/** Of a runbook that is a placeholder nothing is said but that it is one. */
function withoutEchoes(findings: readonly Finding[], { runbooks }: CatalogueDocument): Finding[] {
  const large = new Set(runbooks.filter(isTooLarge).map(({ id }) => id))
  return findings.filter(({ code, runbook }) => code !== 'no-structure' || !large.has(runbook ?? ''))
}

function placed(finding: Finding, places: CataloguePlaces | undefined): Finding {
  const { flag, runbook, file, line } = finding
  if (places === undefined) return finding
  const ofFlag = flag === undefined || line !== undefined ? undefined : places.flags.get(flag)
  if (ofFlag !== undefined) return { ...finding, ...ofFlag }
  const shown = file === undefined ? places.runbooks.get(runbook ?? '') : places.linkFiles.get(file)
  return shown === undefined ? finding : { ...finding, file: shown }
}

function inOrder(findings: readonly Finding[]): Finding[] {
  const once = new Map(findings.map(finding => [keyOf(finding), finding]))
  return [...once.values()].sort(
    (a, b) =>
      compare(a.file ?? a.runbook ?? '', b.file ?? b.runbook ?? '') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  )
}

const keyOf = ({ code, file, runbook, line, message }: Finding): string =>
  JSON.stringify(code === 'too-large' ? [code, runbook] : [code, file, runbook, line, message])
