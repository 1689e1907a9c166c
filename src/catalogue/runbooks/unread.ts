// The runbook that stands for one nobody could read. Apart from parse.ts, so that the main thread loads no parser.

import type { RunbookSource } from '../../domain/catalogue.js'
import type { Runbook } from '../../domain/runbook.js'

export function unreadRunbook(
  { id, source, digest }: Pick<RunbookSource, 'id' | 'source' | 'digest'>,
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
    findings: [{ code, message, runbook: id, line: 1 }],
  }
}

export const countLines = (source: string): number => {
  const lines = source.split(/\r\n|\n|\r/)
  return lines.length - (lines.at(-1) === '' ? 1 : 0)
}
