// The runbook that stands for one nobody could read. Apart from parse.ts, so that the main thread loads no parser.

import type { RunbookSource } from '../../domain/catalogue.js'
import type { Finding, Runbook } from '../../domain/runbook.js'

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
    waits: [],
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
