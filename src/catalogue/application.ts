// One catalogue file, which is one application: its name, its runbook, its flags and its links to runbook steps.
// What concerns more than one file is asked in load.ts.

import type { Fault } from '../domain/catalogue/catalogue.js'
import type { Application, FlagDefinition, StepLink } from '../wire/catalogue.js'
import { readDefinition } from './definitions.js'
import { quote, type Report, reportTo } from './faults.js'
import { Members } from './members.js'
import { describe, readYaml, type YamlNode } from './yaml.js'

/** An application's and a runbook's id: the file's name without its ending. */
export const FILE_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/

const FILE = ['$schema', 'name', 'runbook', 'forgetAfterHours', 'metadata', 'flags', 'links'] as const
/** A lost app instance is waited for so long at most. */
const MOST_HOURS = 30 * 24
const LINK = ['step', 'flag', 'direction', 'condition'] as const

export type ApplicationFile = {
  application: Application
  definitions: FlagDefinition[]
  /** Every key written in the file, faulty or not, with its line. */
  keys: Map<string, number>
  /** `file` is the file's name. */
  links: StepLink[]
  faults: Fault[]
}

/** Reads the text of `<id>.yaml`; `shown` is the file's path as faults name it, `name` what the document keeps. */
export function readApplication(id: string, text: string, shown: string, name: string): ApplicationFile {
  const faults: Fault[] = []
  const report = reportTo(faults, shown)
  const file: ApplicationFile = {
    application: { id, name: id },
    definitions: [],
    keys: new Map(),
    links: [],
    faults,
  }
  const root = readYaml(text, report)
  if (root === undefined) return file
  if (root.kind !== 'map') {
    report(root.line, `must be a map with \`flags:\` at the top, but it is ${describe(root)}`)
    return file
  }
  readTop(file, new Members('', root, report), name)
  return file
}

function readTop(file: ApplicationFile, top: Members, name: string): void {
  top.refuseUnknown(FILE, elsewhere)
  top.text('$schema')
  readFlagSet(top, file.application.id)
  const title = top.text('name', { max: 80 })
  const runbook = readRunbookName(top)
  const forgetAfterHours = top.wholeNumber('forgetAfterHours', 1, MOST_HOURS)
  file.application = {
    id: file.application.id,
    name: title ?? file.application.id,
    ...(runbook === undefined ? {} : { runbook }),
    ...(forgetAfterHours === undefined ? {} : { forgetAfterHours }),
  }
  const flags = top.map('flags', 'a catalogue file defines at least one flag')
  if (flags !== undefined && flags.names().length === 0) {
    top.fault('flags', 'is empty: define at least one flag, or remove the file')
  }
  for (const key of flags?.names() ?? []) {
    file.keys.set(key, flags!.lineOf(key))
    const definition = readDefinition(flags!, key, file.application.id)
    if (definition !== undefined) file.definitions.push(definition)
  }
  file.links = readLinks(top, name)
}

function elsewhere(name: string): string | undefined {
  if (name === 'application' || name === 'id')
    return ": the file's name is the application's id, so remove it"
  if (name === '$evaluators') return ': shared rules are not read; write the rule out in each targeting'
  return undefined
}

/** flagd's own metadata of a flag set: nothing in it is inherited here, so nothing else may stand in it. */
function readFlagSet(top: Members, id: string): void {
  const metadata = top.map('metadata')
  if (metadata === undefined) return
  metadata.refuseUnknown(
    ['flagSetId', 'version'],
    () => ': metadata is written on each flag, below flags.<key>.metadata',
  )
  metadata.text('version')
  const flagSetId = metadata.text('flagSetId')
  if (flagSetId !== undefined && flagSetId !== id) {
    metadata.fault(
      'flagSetId',
      `${quote(flagSetId)} is not the application ${quote(id)}, which is the file's name: rename one of the two`,
    )
  }
}

function readRunbookName(top: Members): string | undefined {
  const name = top.text('runbook', { max: 64 })
  if (name === undefined || FILE_ID.test(name)) return name
  top.fault(
    'runbook',
    `${quote(name)} is not a runbook's id: write the name of its file without the folder and without .md`,
  )
  return undefined
}

function readLinks(top: Members, name: string): StepLink[] {
  const links: StepLink[] = []
  for (const [at, item] of top.list('links').entries()) {
    const link = readLink(item, `links[${at + 1}]`, name, top.report)
    if (link === undefined) continue
    const same = links.find(known => isSame(known, link))
    if (same === undefined) links.push(link)
    else
      top.report(
        link.line,
        `links[${at + 1}] is written twice (first at line ${same.line}): keep one of the two`,
      )
  }
  return links
}

const isSame = (a: StepLink, b: StepLink): boolean =>
  a.step === b.step && a.flag === b.flag && a.direction === b.direction

function readLink(item: YamlNode, path: string, file: string, report: Report): StepLink | undefined {
  if (item.kind !== 'map') {
    report(
      item.line,
      `${path} must be a map, \`{ step: ..., flag: ..., direction: kill }\`, but it is ${describe(item)}`,
    )
    return undefined
  }
  const members = new Members(path, item, report)
  members.refuseUnknown(LINK, () => undefined)
  const step = members.text('step', {
    required: 'name the runbook step, `<runbook>/<section>/<number>`',
    max: 400,
  })
  const flag = members.text('flag', { required: 'name the flag the step acts on' })
  const direction = members.choice('direction', ['kill', 'restore'], { required: 'write kill or restore' })
  const condition = members.text('condition')
  if (step === undefined || flag === undefined || direction === undefined) return undefined
  return { step, flag, direction, ...(condition === undefined ? {} : { condition }), file, line: item.line }
}
