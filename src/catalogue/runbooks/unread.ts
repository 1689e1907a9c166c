// The runbook that stands for one nobody could read. Apart from parse.ts, so that the main thread loads no parser.

import type { RunbookSource } from '../../wire/catalogue.js'
import type { Finding, Runbook } from '../../wire/runbook.js'

export function unreadRunbook(
  { id, source, digest, encoding }: Pick<RunbookSource, 'id' | 'source' | 'digest' | 'encoding'>,
  code: 'too-large' | 'too-slow' | 'unreadable',
  message: string,
): Runbook {
  return {
    id,
    title: id,
    digest,
    lines: countLines(source),
    sections: [],
    steps: [],
    severities: [],
    escalations: [],
    contacts: [],
    timeBoxes: [],
    waits: [],
    updateCadences: [],
    messageTemplates: [],
    leftOut: {},
    findings: [...encodingFindings(id, encoding), { code, message, runbook: id, line: 1 }],
  }
}

export const countLines = (source: string): number => {
  const lines = source.split(/\r\n|\n|\r/)
  return lines.length - (lines.at(-1) === '' ? 1 : 0)
}

/** That the file is not UTF-8, and what was made of it. */
export function encodingFindings(runbook: string, encoding: string | undefined): Finding[] {
  if (encoding === undefined) return []
  const message = encoding.startsWith('a ')
    ? `the file is ${encoding} and was not read; write the runbook as Markdown and save it as UTF-8`
    : `the file is ${encoding} and was read as such, so that some letters may be wrong; save it as UTF-8`
  return [{ code: 'wrong-encoding', message, runbook, line: 1 }]
}

/** What of a text may have taken so long, and what to do about it: only what is so. */
export function whatIsLong(source: string): string {
  const lines = source.split(/\r\n|\n|\r/)
  const longest = lines.reduce((most, text, index) => (text.length > lines[most]!.length ? index : most), 0)
  const length = lines[longest]!.length
  const signs = source.match(/[*_]/g)?.length ?? 0
  const size = `the runbook has ${lines.length} lines and ${source.length} characters`
  if (signs > source.length / 20)
    return `${size}, of which ${signs} are * or _; look for runs of them, or split it`
  if (length > 4096) return `${size}; line ${longest + 1} has ${length} of them: break it up`
  return `${size}; split it`
}
