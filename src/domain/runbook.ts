// A runbook as it was read: steps with stable names, the severity scale, timings and templates. Types and look-up only;
// catalogue/parse.ts does the reading.

/** `kill` sets the flag's kill variant, `restore` its normal one; `other` is neither, and a finding. */
export type Direction = 'kill' | 'restore' | 'other'

export type FlagAction = {
  flag: string
  variant: string
  value: unknown
  direction: Direction
  /** 1-based line in the runbook's source. */
  line: number
  /** `high`: key and verb stand there. `low`: only a name that suggests the flag. `link`: the catalogue says so. */
  confidence: 'high' | 'low' | 'link'
}

export type StepKind = 'ordered' | 'bullet' | 'task' | 'bold' | 'heading' | 'row' | 'command'

export type Step = {
  /** `<runbook>/<slug of each heading below the title>[/<slug of bold label>]/<ordinal>` */
  id: string
  /** Five letters (longer on collision) from the hash of runbook and text: unchanged by renumbering. */
  code: string
  text: string
  line: number
  headingPath: string[]
  /** `4`, or `4.1` for a nested item. */
  ordinal: string
  /** The id of the step it is nested in. */
  parent?: string
  kind: StepKind
  /** "when needed", "if high error rate persists": what the text makes the action depend on. */
  condition?: string
  flagActions: FlagAction[]
}

/** As written, and in minutes where the text is a duration ("Immediate" and "Next business day" have none). */
export type Duration = { text: string; minutes?: number }

export type Severity = {
  /** As the runbook spells it: `SEV-1`, `SEV0`, `P1`. */
  level: string
  name?: string
  description?: string
  responseTime?: Duration
  resolutionTime?: Duration
  line: number
}

export type Timing = {
  text: string
  minutes?: number
  line: number
  /** Whom to call, for an escalation. */
  target?: string
  /** Severity levels it is limited to. */
  levels?: string[]
}

export type Template = { title: string; text: string; line: number; language?: string }

export type FindingCode =
  | 'no-structure'
  | 'too-large'
  | 'too-slow'
  | 'unreadable'
  | 'switch-without-flag'
  | 'destructive-command'
  | 'odd-value'
  | 'dangling-link'
  | 'flag-without-step'
  | 'kill-without-restore-step'

/** Something a person should look at. Never a reason not to start. */
export type Finding = {
  code: FindingCode
  message: string
  file?: string
  runbook?: string
  line?: number
  step?: string
  flag?: string
}

export type Runbook = {
  id: string
  title: string
  /** SHA-256 of the source, hex. */
  digest: string
  lines: number
  sections: { title: string; level: number; line: number; slug: string }[]
  steps: Step[]
  severities: Severity[]
  /** "15 min no progress: add second on-call" */
  escalations: Timing[]
  /** "Wait 15 min for stability" */
  waits: Timing[]
  /** "updates every 30 minutes" */
  updateCadence?: Timing
  /** "Post-mortem (within 48h)" */
  postmortemDeadline?: Timing
  messageTemplates: Template[]
  postmortemTemplate?: Template
  /** What was read and is not a step, counted by reason (`severity`, `symptoms`, `contacts`, ...). */
  leftOut: Record<string, number>
  findings: Finding[]
}
