// The shapes of the incidents' part of the API.

import { Type } from 'typebox'
import { NOTE_KINDS } from '../domain/audit.js'
import { choice, flagKey, incident, stepName, strict, text, time } from './members.js'
import { Hold, RunbookReference, Step, Warning } from './schemas.js'

const loose = { additionalProperties: true }
const flagKeys = (description: string) => Type.Array(flagKey(), { description, minItems: 1, maxItems: 50 })
const adopt = Type.Union([Type.Literal(true), flagKeys('The flags')], {
  description:
    'Takes holds without an incident under this one. true: those on the flags the runbook is about; or the flags, by key',
})
const reason = Type.Optional(text('Why', 2000))
const title = text('In a few words', 200)
const severity = text("A level of the runbook's own scale; case and dashes do not matter", 40)
const commander = text('Who leads', 100)
const day = (description: string) => Type.String({ description, maxLength: 40, examples: ['2026-11-27'] })
const Link = Type.Object(
  { title: text('What it is', 200), url: Type.String({ maxLength: 1000, pattern: '^https?://\\S+$' }) },
  strict,
)

export const IncidentParams = Type.Object({
  id: Type.String({ description: 'The incident', maxLength: 2048 }),
})
export const DeclareBody = Type.Object(
  {
    id: Type.Optional(incident),
    title,
    runbook: text('The id of its runbook', 300),
    severity,
    commander: Type.Optional(commander),
    adopt: Type.Optional(adopt),
  },
  {
    ...strict,
    examples: [{ title: 'AI answers fail', runbook: 'trustflow', severity: 'SEV-1', adopt: true }],
  },
)
export const NoteBody = Type.Object(
  {
    kind: choice(NOTE_KINDS),
    text: text('What there is to say', 4000),
    owner: Type.Optional(text('Of an action: whose it is', 100)),
    due: Type.Optional(day('Of an action: by when')),
  },
  { ...strict, examples: [{ kind: 'progress', text: 'Found the failing region' }] },
)
export const AdoptBody = Type.Object({ adopt, reason }, { ...strict, examples: [{ adopt: ['ai_v1'] }] })
export const ChangeBody = Type.Object(
  {
    severity: Type.Optional(severity),
    commander: Type.Optional(commander),
    title: Type.Optional(title),
    link: Type.Optional(Link),
    reason,
  },
  { ...strict, examples: [{ severity: 'SEV-2', reason: 'There is a way around it' }] },
)
export const TickBody = Type.Object(
  { step: stepName, ticked: choice(['done', 'skipped'], 'A skip says why in "reason"'), reason },
  { ...strict, examples: [{ step: 'trustflow/first-10-minutes/1', ticked: 'done' }] },
)
const Left = Type.Object(
  {
    flag: flagKey(),
    owner: text('Who looks after it', 100),
    until: day('By when'),
  },
  strict,
)
export const ResolveBody = Type.Object(
  {
    reason,
    leave: Type.Optional(
      Type.Array(Left, {
        description: 'Flags that stay held; an engineer may',
        minItems: 1,
        maxItems: 50,
      }),
    ),
    force: Type.Optional(
      Type.Boolean({ description: 'Past what is in the way, with a reason; a coordinator may' }),
    ),
  },
  { ...strict, examples: [{ leave: [{ flag: 'kyc_v1', owner: 'Upload team', until: '2026-11-27' }] }] },
)

const Moment = Type.Object({ place: Type.Integer(), at: time('When') })
const Resolved = Type.Object({
  ...Moment.properties,
  by: Type.String(),
  reason: Type.Optional(Type.String()),
  leave: Type.Array(Type.Object({ flag: Type.String(), owner: Type.String(), until: Type.String() })),
  forced: Type.Boolean(),
})
const common = {
  id: Type.String(),
  title: Type.String(),
  status: choice(['open', 'resolved']),
  severity: Type.String({ description: "As the runbook's own scale spells it" }),
  commander: Type.Optional(Type.String()),
  runbook: RunbookReference,
  declared: Type.Object({ ...Moment.properties, by: Type.String() }),
  resolved: Type.Optional(Resolved),
  flags: Type.Array(Type.String(), { description: 'Those it ever held' }),
  overdue: Type.Integer({ description: 'How much of the clock is overdue' }),
}
export const IncidentList = Type.Object({
  environment: Type.String(),
  incidents: Type.Array(Type.Object({ ...common, holds: Type.Integer() })),
})

const Due = Type.Object({
  what: choice(['response', 'resolution', 'escalation', 'update', 'recovery-wait', 'postmortem']),
  text: Type.String({ description: 'As the runbook says it' }),
  line: Type.Integer({ description: 'Where the runbook says it' }),
  target: Type.Optional(Type.String({ description: 'Whom to call' })),
  since: Type.Optional(time('What it is counted from; absent: it has not begun')),
  due: Type.Optional(time('Absent where the runbook gives no minutes, or it has not begun')),
  metAt: Type.Optional(time('When it was done with')),
  overdue: Type.Boolean(),
})
const Tick = Type.Object({
  ...Moment.properties,
  ticked: choice(['done', 'skipped']),
  step: Step,
  by: Type.String(),
  reason: Type.Optional(Type.String()),
})
const StepView = Type.Object(
  {
    id: Type.String(),
    code: Type.String(),
    text: Type.String(),
    line: Type.Integer(),
    condition: Type.Optional(Type.String()),
    flagActions: Type.Array(
      Type.Object({
        flag: Type.String(),
        direction: Type.String(),
        variant: Type.String(),
        confidence: Type.String(),
        condition: Type.Optional(Type.String()),
        limit: Type.Optional(Type.String()),
      }),
    ),
    ticked: Type.Optional(Tick),
    call: Type.Optional(Type.Unknown({ description: 'The exact request that runs its kills' })),
  },
  loose,
)
export const IncidentView = Type.Object({
  ...common,
  environment: Type.String(),
  responded: Type.Optional(Moment),
  updated: Type.Optional(Moment),
  progressed: Type.Optional(Moment),
  recovered: Type.Optional(Moment),
  killed: Type.Optional(Moment),
  restored: Type.Optional(Moment),
  kills: Type.Array(Type.Integer(), {
    description: 'Places of the kills that count as its own, adopted ones too',
  }),
  holds: Type.Array(Type.Object({ ...Hold.properties, flag: Type.String(), label: Type.String() })),
  clock: Type.Array(Due, { description: 'What the runbook puts a time to: due when, and overdue' }),
  open: Type.Array(Type.Object({ what: Type.String(), detail: Type.String() }, loose), {
    description: 'What keeps it from being resolved',
  }),
  steps: Type.Array(StepView, { description: 'Those of its runbook that act on flags' }),
  ticks: Type.Array(Tick),
  links: Type.Array(
    Type.Object({
      title: Type.String(),
      url: Type.String(),
      by: Type.String(),
      at: time('When it was added'),
    }),
  ),
  runbookEdited: Type.Boolean({ description: 'The runbook is another now than at the declaration, or gone' }),
  timeline: Type.String({ description: 'Its entries in the log' }),
})

const Changed = Type.Object({
  place: Type.Integer(),
  at: time('When'),
  action: Type.String(),
  flag: Type.Optional(Type.String()),
  summary: Type.String(),
  actor: Type.String(),
  incident: Type.Optional(Type.String()),
})
export const IncidentAnswer = Type.Object({
  id: Type.String({ description: 'The incident' }),
  key: Type.String({ description: 'The idempotency key, yours or the one made for you' }),
  changed: Type.Boolean(),
  environment: Type.String(),
  durability: choice(['journal', 'both', 'store', 'provisional']),
  replayed: Type.Boolean(),
  warnings: Type.Array(Warning),
  entries: Type.Array(
    Type.Object({
      place: Type.Integer(),
      action: Type.String(),
      outcome: Type.String(),
      at: time('When it was committed'),
      summary: Type.String(),
    }),
  ),
  adopted: Type.Optional(Type.Array(Type.Object({ flag: Type.String(), hold: Type.String() }))),
  incident: IncidentView,
})
export const DeclareAnswer = Type.Object({
  ...IncidentAnswer.properties,
  changedFlags: Type.Array(Changed, { description: 'What changed a flag in the last 24 h, newest first' }),
  notAdopted: Type.Array(Type.Object({ flag: Type.String(), hold: Type.String(), actor: Type.String() }), {
    description: 'Holds that no incident has',
  }),
})
