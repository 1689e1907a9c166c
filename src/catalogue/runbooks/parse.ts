// Reads one runbook: pure, synchronous, and total. What it cannot make sense of becomes a finding, never an error.
// It has no time limit of its own, and Markdown can be hostile: the service goes through reader.ts.

import { withCodes } from '../../domain/runbook/step-code.js'
import type { RunbookSource } from '../../wire/catalogue.js'
import type { Finding, Runbook } from '../../wire/runbook.js'
import { contactsOf } from './facts/contacts.js'
import { destructive } from './facts/destructive.js'
import { escalationsOf } from './facts/escalations.js'
import { sayingsOf } from './facts/sayings.js'
import { severitiesOf } from './facts/severities.js'
import { templatesOf } from './facts/templates.js'
import { timeBoxesOf } from './facts/time-boxes.js'
import { timingsOf } from './facts/timings.js'
import { type KnownFlag, knownFlags } from './flips/flag-values.js'
import { flipReaderFor } from './flips/languages.js'
import { unreadFlips } from './flips/unread-flips.js'
import { readMarkup } from './markup/read-markup.js'
import { nameSteps } from './steps.js'
import { readTree } from './structure/document.js'
import { type Outline, outlineOf } from './structure/outline.js'
import { walkOutline } from './structure/walk.js'
import { countLines, encodingFindings, unreadRunbook } from './unread.js'

export type ParseRequest = Pick<RunbookSource, 'id' | 'source' | 'digest' | 'encoding'> & {
  flags: readonly KnownFlag[]
  /** The names of this service's environment: "in production" limits nothing where it is one of them. */
  environments?: readonly string[]
}

export function parseRunbook(request: ParseRequest): Runbook {
  try {
    return readAll(request)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return unreadRunbook(
      request,
      'unreadable',
      `the runbook could not be read (${why}); simplify its nesting`,
    )
  }
}

function readAll({ id, source, digest, flags, environments, encoding }: ParseRequest): Runbook {
  const markup = readMarkup(source)
  const outline = outlineOf(readTree(markup.text, markup.lines), markup.text, id)
  const { language } = outline
  const speaks = flipReaderFor(language === 'unknown' ? undefined : language)
  const known = { ...knownFlags(flags, environments), ...(speaks && { speaks }) }
  const { places, leftOut, notes } = walkOutline(outline, known)
  const { steps, findings, read } = nameSteps(id, places, known)
  const sayings = sayingsOf(outline)
  const runbook: Runbook = {
    id,
    title: outline.title,
    digest,
    lines: countLines(source),
    sections: outline.sections
      .filter(({ level }) => level > 0)
      .map(({ title, level, line, path }) => ({ title, level, line, slug: path })),
    steps,
    severities: severitiesOf(outline),
    escalations: escalationsOf(outline, sayings, steps),
    contacts: contactsOf(outline, sayings),
    timeBoxes: timeBoxesOf(id, outline, steps),
    ...timingsOf(outline, sayings, steps),
    ...templatesOf(outline, sayings),
    leftOut: { ...leftOut.counts },
    findings: [
      ...encodingFindings(id, encoding),
      ...languageFinding(id, language),
      ...structureFinding(id, steps.length, leftOut.counts),
      ...[...markup.notes, ...notes].map(note => ({ ...note, runbook: id })),
      ...findings,
      ...unreadFlips(id, sayings, known, read, steps, language !== 'unknown'),
      ...destructive(id, sayings, steps),
    ],
  }
  return withCodes([inOrder(runbook)])[0]!
}

const inOrder = (runbook: Runbook): Runbook => ({
  ...runbook,
  steps: [...runbook.steps].sort((one, other) => one.line - other.line),
  findings: [...runbook.findings].sort((one, other) => (one.line ?? 0) - (other.line ?? 0)),
})

function structureFinding(runbook: string, steps: number, leftOut: Record<string, number>): Finding[] {
  if (steps > 0) return []
  const rest = Object.entries(leftOut).map(([reason, count]) => `${count} ${reason}`)
  const read = rest.length > 0 ? `; left out: ${rest.join(', ')}` : ''
  const message = `no structure found: no list, checklist, table or heading reads as steps${read}. Write what to do as a numbered list`
  return [{ code: 'no-structure', message, runbook, line: 1 }]
}

function languageFinding(runbook: string, language: Outline['language']): Finding[] {
  if (language !== 'unknown') return []
  const message =
    'the language of this runbook is none of English, German, Spanish, French, Portuguese, Japanese and Chinese: every bullet is read as a step, and no sentence as a flip; link the steps that flip flags in the catalogue'
  return [{ code: 'unknown-language', message, runbook, line: 1 }]
}
