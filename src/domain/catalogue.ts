// The catalogue: all definitions with their runbooks, as one document with a digest. It is an entry of the log, so that
// every instance serves the same one, whatever files it has.

import type { FlagDefinition } from './flag.js'

/** An explicit link where the runbook's text names no flag. `step` is any unambiguous name of the step. */
export type StepLink = {
  step: string
  flag: string
  direction: 'kill' | 'restore'
  condition?: string
  file: string
  line: number
}

export type RunbookSource = {
  /** The file's name without `.md`. */
  id: string
  application?: string
  source: string
  /** SHA-256 of the source's bytes, hex. */
  digest: string
  /** What the file was saved as, where that is not UTF-8: `Windows-1252`, or `a PDF` where it holds no text. */
  encoding?: string
}

export type Application = { id: string; name: string; runbook?: string }

export type CatalogueDocument = {
  /** SHA-256, hex, over applications, flags, links and runbooks as serialised. */
  digest: string
  applications: Application[]
  flags: FlagDefinition[]
  links: StepLink[]
  runbooks: RunbookSource[]
}

/** A fault refuses the files; `line` is 1-based. */
export type Fault = { file: string; line: number; message: string }

export const describeFault = ({ file, line, message }: Fault): string => `${file}:${line}: ${message}`
