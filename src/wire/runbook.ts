// A runbook as it was read: steps with stable names, the severity scale, timings and templates; and what a run would do.

import { type Static, Type } from 'typebox'
import { choice, flagKey, ref, strict } from './members.js'
import { FINDING_CODES } from './words.js'

export const RunbookParams = Type.Object({
  runbook: Type.String({ description: 'The id of a runbook', maxLength: 2048 }),
})
export const StepQuery = Type.Object(
  {
    flag: Type.Optional(flagKey()),
    runbook: Type.Optional(Type.String({ maxLength: 300 })),
    step: Type.Optional(Type.String({ maxLength: 300 })),
  },
  strict,
)

const line = Type.Integer({ description: "1-based, in the runbook's source" })

export const FlagAction = Type.Object(
  {
    flag: Type.String(),
    variant: Type.String(),
    value: Type.Unknown({ description: 'Of the variant; absent where the flag has none of that name' }),
    direction: choice(
      ['kill', 'restore', 'other'],
      "kill: to the flag's kill variant; restore: to its normal one; other: neither, and a finding",
    ),
    line,
    confidence: choice(
      ['high', 'low', 'link'],
      'high: the whole clause is understood; low: a part of it is not, so a run asks; link: the catalogue says so',
    ),
    condition: Type.Optional(
      Type.String({ description: 'What the words beside this flag make it depend on, as written' }),
    ),
    limit: Type.Optional(
      Type.String({ description: 'What the words limit it to, as written: a kill cannot be limited to it' }),
    ),
  },
  { $id: 'FlagAction' },
)
export type FlagAction = Static<typeof FlagAction>
export type Direction = FlagAction['direction']

export const Step = Type.Object(
  {
    id: Type.String({
      description: '<runbook>/<slug of each heading below the title>[/<slug of bold label>]/<ordinal>',
    }),
    code: Type.String({
      description: 'Five letters (longer on collision), from runbook and text: unchanged by renumbering',
    }),
    text: Type.String(),
    line,
    headingPath: Type.Array(Type.String()),
    ordinal: Type.String({ description: '4, or 4.1 for a nested item' }),
    parent: Type.Optional(Type.String({ description: 'The id of the step it is nested in' })),
    kind: choice(['ordered', 'bullet', 'task', 'bold', 'heading', 'row', 'command', 'paragraph']),
    condition: Type.Optional(
      Type.String({ description: 'What the text makes the action depend on: "when needed"' }),
    ),
    flagActions: Type.Array(ref(FlagAction)),
    named: Type.Optional(
      Type.Array(Type.String(), { description: 'Flags that the step names and does not flip' }),
    ),
    commands: Type.Optional(Type.Array(Type.String(), { description: 'What there is to run, whole' })),
    links: Type.Optional(
      Type.Array(Type.Object({ title: Type.String(), url: Type.String({ description: 'As written' }) })),
    ),
    dangers: Type.Optional(
      Type.Array(Type.Object({ message: Type.String(), line }), {
        description: 'Of a command that wipes a store: what it would do, to this service too',
      }),
    ),
  },
  { $id: 'Step' },
)
export type Step = Static<typeof Step>
export type StepKind = Step['kind']

const time = {
  minutes: Type.Optional(Type.Number({ description: 'Absent where the text is no duration: "Immediate"' })),
  business: Type.Optional(
    Type.Object(
      { minutes: Type.Optional(Type.Number()), days: Type.Optional(Type.Number()) },
      { description: 'Counted in business hours, in the place of minutes: "4 business hours" has minutes' },
    ),
  ),
}

export const Duration = Type.Object({ text: Type.String({ description: 'As written' }), ...time })
export type Duration = Static<typeof Duration>

export const Severity = Type.Object(
  {
    level: Type.String({ description: 'As the runbook spells it: SEV-1, SEV0, P1' }),
    name: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    responseTime: Type.Optional(Duration),
    resolutionTime: Type.Optional(Duration),
    line,
  },
  { $id: 'Severity' },
)
export type Severity = Static<typeof Severity>

export const Timing = Type.Object(
  {
    text: Type.String(),
    ...time,
    line,
    target: Type.Optional(Type.String({ description: 'Whom to call, for an escalation' })),
    levels: Type.Optional(Type.Array(Type.String(), { description: 'Severity levels it is limited to' })),
    condition: Type.Optional(
      Type.String({ description: 'Of an escalation without a time: what has to be true' }),
    ),
    guards: Type.Optional(
      Type.Array(Type.String(), { description: 'Of a wait: the flags that are restored after it' }),
    ),
  },
  { $id: 'Timing' },
)
export type Timing = Static<typeof Timing>

export const TimeBox = Type.Object(
  {
    text: Type.String(),
    minutes: Type.Number(),
    line,
    levels: Type.Optional(Type.Array(Type.String(), { description: 'Severity levels it is limited to' })),
    after: Type.Optional(
      Type.Integer({ description: 'The line of the time box that goes before it; absent: from the start' }),
    ),
    steps: Type.Array(Type.String(), { description: 'The ids of the steps in it' }),
  },
  { $id: 'TimeBox', description: 'How long some of the steps may take: "First 10 minutes", "(2 min)"' },
)
export type TimeBox = Static<typeof TimeBox>

export const Contact = Type.Object(
  { role: Type.String(), contact: Type.String({ description: 'As written, also "[Contact]"' }), line },
  { $id: 'Contact' },
)
export type Contact = Static<typeof Contact>

export const Template = Type.Object(
  { title: Type.String(), text: Type.String(), line, language: Type.Optional(Type.String()) },
  { $id: 'Template' },
)
export type Template = Static<typeof Template>

export const Finding = Type.Object(
  {
    code: choice(FINDING_CODES),
    message: Type.String(),
    file: Type.Optional(Type.String()),
    runbook: Type.Optional(Type.String()),
    line: Type.Optional(line),
    step: Type.Optional(Type.String()),
    flag: Type.Optional(Type.String()),
  },
  { $id: 'Finding', description: 'Something a person should look at; never a reason not to start' },
)
export type Finding = Static<typeof Finding>

const leftOut = Type.Record(Type.String(), Type.Integer(), {
  description: 'What was read and is not a step, counted by reason (severity, symptoms, contacts, ...)',
})
export const Runbook = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    digest: Type.String({ description: 'SHA-256 of the source, hex' }),
    lines: Type.Integer(),
    sections: Type.Array(
      Type.Object({
        title: Type.String(),
        level: Type.Integer(),
        line,
        slug: Type.String({
          description: "The path of slugs below the title, as it stands in the ids of the section's steps",
        }),
      }),
    ),
    steps: Type.Array(ref(Step)),
    severities: Type.Array(ref(Severity)),
    escalations: Type.Array(ref(Timing), {
      description: '"15 min no progress: add second on-call"; by time, by severity, or by a condition',
    }),
    contacts: Type.Array(ref(Contact)),
    timeBoxes: Type.Array(ref(TimeBox)),
    waits: Type.Array(ref(Timing), {
      description:
        '"Wait 15 min for stability"; without minutes where the text sets no end: "Monitor closely"',
    }),
    updateCadences: Type.Array(ref(Timing), {
      description:
        'One for each severity that has its own; without minutes where each update tells when the next one comes',
    }),
    postmortemDeadline: Type.Optional(ref(Timing)),
    messageTemplates: Type.Array(ref(Template)),
    postmortemTemplate: Type.Optional(ref(Template)),
    leftOut,
    findings: Type.Array(ref(Finding)),
  },
  { $id: 'Runbook' },
)
export type Runbook = Static<typeof Runbook>

export const RunbookSummary = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    digest: Type.String(),
    steps: Type.Integer(),
    severities: Type.Array(Type.String()),
    flags: Type.Array(Type.String()),
    findings: Type.Integer(),
    leftOut,
  },
  { $id: 'RunbookSummary' },
)
export type RunbookSummary = Static<typeof RunbookSummary>
export const RunbookList = Type.Object({ runbooks: Type.Array(ref(RunbookSummary)) }, { $id: 'RunbookList' })
export type RunbookList = Static<typeof RunbookList>

export const StepRunCall = Type.Object(
  {
    method: choice(['POST']),
    path: Type.String(),
    body: Type.Object({
      step: Type.String(),
      flags: Type.Optional(Type.Array(Type.String())),
      incident: Type.Optional(Type.String()),
      reason: Type.Optional(Type.String()),
    }),
  },
  { $id: 'StepRunCall', description: 'The exact request that runs the kills of the step' },
)
export type StepRunCall = Static<typeof StepRunCall>

export const RunVerdict = Type.Object(
  {
    flag: Type.String(),
    verdict: choice(['kill', 'already-held', 'refused']),
    label: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    asks: Type.Optional(
      Type.Array(Type.String(), { description: 'What a run asks about before it kills this flag' }),
    ),
  },
  { $id: 'RunVerdict', description: 'What a run would do to one flag' },
)
export type RunVerdict = Static<typeof RunVerdict>

export const ListedStep = Type.Object({ runbook: Type.String(), ...Step.properties }, { $id: 'ListedStep' })
export type ListedStep = Static<typeof ListedStep>
export const StepList = Type.Object(
  {
    steps: Type.Array(ref(ListedStep)),
    run: Type.Optional(
      Type.Object(
        {
          verdicts: Type.Array(ref(RunVerdict)),
          needsFlags: Type.Boolean(),
          call: Type.Optional(ref(StepRunCall)),
          children: Type.Array(Type.Object({ id: Type.String(), code: Type.String(), text: Type.String() })),
        },
        { description: 'With ?step=: what a run by you would do, and the exact call' },
      ),
    ),
  },
  { $id: 'StepList' },
)
export type StepList = Static<typeof StepList>
