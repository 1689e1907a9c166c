// An incident, as it is shown.

import { type Static, Type } from 'typebox'
import { Adopted, Left } from './entry.js'
import { Hold, RunbookReference, StepReference, Warning } from './hold.js'
import { choice, durability, ref, strict, time } from './members.js'
import { Contact, FlagAction, Step, StepRunCall } from './runbook.js'
import { ACTIONS, OUTCOMES } from './words.js'

export const IncidentParams = Type.Object({
  id: Type.String({ description: 'The incident', maxLength: 2048 }),
})
export const IncidentQuery = Type.Object({ status: Type.Optional(choice(['open', 'resolved'])) }, strict)

export const Moment = Type.Object(
  { place: Type.Integer(), at: time('When') },
  { $id: 'Moment', description: 'An entry, by its place and its hour' },
)
export type Moment = Static<typeof Moment>

export const Tick = Type.Object(
  {
    ...Moment.properties,
    ticked: choice(['done', 'skipped']),
    step: ref(StepReference),
    by: Type.String(),
    reason: Type.Optional(Type.String()),
  },
  { $id: 'Tick' },
)
export type Tick = Static<typeof Tick>

export const Link = Type.Object(
  { title: Type.String(), url: Type.String(), by: Type.String(), at: time('When it was added') },
  { $id: 'Link' },
)
export type Link = Static<typeof Link>

export const Resolution = Type.Object(
  {
    ...Moment.properties,
    by: Type.String(),
    reason: Type.Optional(Type.String()),
    leave: Type.Array(ref(Left)),
    forced: Type.Boolean(),
  },
  { $id: 'Resolution' },
)
export type Resolution = Static<typeof Resolution>

const summary = {
  id: Type.String(),
  title: Type.String(),
  status: choice(['open', 'resolved']),
  severity: Type.Optional(
    Type.String({ description: "As the runbook's own scale spells it; absent until it is known" }),
  ),
  commander: Type.Optional(Type.String()),
  drill: Type.Optional(Type.Literal(true, { description: 'It was declared as a drill' })),
  runbook: Type.Optional(ref(RunbookReference)),
  declared: Type.Object({ ...Moment.properties, by: Type.String() }),
  resolved: Type.Optional(ref(Resolution)),
  flags: Type.Array(Type.String(), { description: 'Those it ever held' }),
  overdue: Type.Integer({ description: 'How much of the clock is overdue' }),
}
export const IncidentSummary = Type.Object({ ...summary, holds: Type.Integer() }, { $id: 'IncidentSummary' })
export type IncidentSummary = Static<typeof IncidentSummary>
export const IncidentList = Type.Object(
  { environment: Type.String(), incidents: Type.Array(ref(IncidentSummary)) },
  { $id: 'IncidentList' },
)
export type IncidentList = Static<typeof IncidentList>

const contacts = Type.Optional(
  Type.Array(ref(Contact), { description: 'Those of the runbook whose role is the one to call' }),
)
export const NoteCall = Type.Object(
  {
    method: choice(['POST']),
    path: Type.String(),
    body: Type.Object({ kind: choice(['escalated']), to: Type.String(), text: Type.String() }),
  },
  { $id: 'NoteCall', description: 'The exact request that notes the escalation as made' },
)
export type NoteCall = Static<typeof NoteCall>

export const ClockItem = Type.Object(
  {
    what: choice([
      'response',
      'resolution',
      'time-box',
      'escalation',
      'update',
      'recovery-wait',
      'postmortem',
    ]),
    text: Type.String({ description: 'As the runbook says it' }),
    line: Type.Integer({ description: 'Where the runbook says it' }),
    target: Type.Optional(Type.String({ description: 'Whom to call' })),
    contacts,
    call: Type.Optional(ref(NoteCall)),
    guards: Type.Optional(
      Type.Array(Type.String(), { description: 'Of a wait: the flags that are restored after it' }),
    ),
    since: Type.Optional(time('What it is counted from; absent: it has not begun')),
    due: Type.Optional(time('Absent where the runbook gives no minutes, or it has not begun')),
    dueUnknown: Type.Optional(Type.String({ description: 'Why there is no due time, though it runs' })),
    atOnce: Type.Optional(
      Type.Literal(true, { description: 'The runbook says "immediately" in the place of minutes' }),
    ),
    metAt: Type.Optional(time('When it was done with')),
    ended: Type.Optional(choice(['recovered', 'resolved'], 'What ended it at `metAt`, where nobody did it')),
    left: Type.Optional(
      Type.Array(Type.String(), { description: 'Codes of steps left in a begun time box' }),
    ),
    overdue: Type.Boolean({
      description: 'Past its due time and not met; or met too late. A wait is never overdue.',
    }),
  },
  { $id: 'ClockItem' },
)
export type ClockItem = Static<typeof ClockItem>

export const EscalationCondition = Type.Object(
  {
    condition: Type.String({ description: 'As the runbook says it' }),
    text: Type.String({ description: 'What it stands in' }),
    line: Type.Integer({ description: 'Where the runbook says it' }),
    target: Type.Optional(Type.String({ description: 'Whom to call' })),
    contacts,
    metAt: Type.Optional(time('When it was escalated: in its words, or to whom no other escalation calls')),
    calledAt: Type.Optional(time('When its target was called for something else; absent with `metAt`')),
    call: Type.Optional(ref(NoteCall)),
  },
  { $id: 'EscalationCondition', description: 'Escalate when this is true: only a person can tell' },
)
export type EscalationCondition = Static<typeof EscalationCondition>

export const LeftUndone = Type.Object(
  {
    what: choice(['steps', 'check-list', 'wait', 'escalation']),
    text: Type.String({ description: 'The headings of steps and check lists; else as the runbook says it' }),
    line: Type.Integer({ description: 'Where the first of it stands in the runbook' }),
    steps: Type.Optional(Type.Array(Type.String(), { description: 'The ids of those that are not done' })),
    of: Type.Optional(Type.Integer({ description: 'How many steps there are under these headings' })),
  },
  {
    $id: 'LeftUndone',
    description: 'What the runbook asks for, and nobody has done; it is in the way of nothing',
  },
)
export type LeftUndone = Static<typeof LeftUndone>

const action = FlagAction.properties
const step = Step.properties
export const IncidentStep = Type.Object(
  {
    id: step.id,
    code: step.code,
    text: step.text,
    line: step.line,
    condition: step.condition,
    commands: step.commands,
    links: step.links,
    dangers: step.dangers,
    flagActions: Type.Array(
      Type.Object({
        flag: action.flag,
        direction: action.direction,
        variant: action.variant,
        confidence: action.confidence,
        condition: action.condition,
        limit: action.limit,
      }),
    ),
    ticked: Type.Optional(ref(Tick)),
    call: Type.Optional(ref(StepRunCall)),
  },
  { $id: 'IncidentStep' },
)
export type IncidentStep = Static<typeof IncidentStep>

export const Objection = Type.Union(
  [
    Type.Object({
      what: Type.Literal('hold'),
      flag: Type.String(),
      hold: Type.String(),
      actor: Type.String(),
      since: time('When it was put'),
      detail: Type.String(),
    }),
    Type.Object({
      what: Type.Literal('recovery-wait'),
      until: Type.String(),
      text: Type.String(),
      line: Type.Integer(),
      detail: Type.String(),
    }),
  ],
  { $id: 'Objection', description: 'What keeps an incident from being resolved' },
)
export type Objection = Static<typeof Objection>

export const Incident = Type.Object(
  {
    ...summary,
    environment: Type.String(),
    responded: Type.Optional(ref(Moment)),
    updated: Type.Optional(ref(Moment)),
    progressed: Type.Optional(ref(Moment)),
    recovered: Type.Optional(ref(Moment)),
    killed: Type.Optional(ref(Moment)),
    restored: Type.Optional(ref(Moment)),
    reopened: Type.Optional(ref(Moment)),
    kills: Type.Array(Type.Integer(), {
      description: 'Places of the kills that count as its own, adopted ones too',
    }),
    holds: Type.Array(Type.Object({ ...Hold.properties, flag: Type.String(), label: Type.String() })),
    clock: Type.Array(ref(ClockItem), {
      description: 'What the runbook puts a time to: due when, and overdue',
    }),
    conditions: Type.Array(ref(EscalationCondition), {
      description: 'When to escalate, beside the times of the clock',
    }),
    contacts: Type.Array(ref(Contact), {
      description: 'Those of the runbook that stand beside no escalation: whom else there is to call',
    }),
    leftUndone: Type.Array(ref(LeftUndone), { description: 'What a close now would leave undone' }),
    open: Type.Array(ref(Objection), { description: 'What keeps it from being resolved' }),
    steps: Type.Array(ref(IncidentStep), {
      description: 'Those of its runbook that act on flags, or would wipe a store',
    }),
    ticks: Type.Array(ref(Tick)),
    links: Type.Array(ref(Link)),
    runbookEdited: Type.Boolean({
      description: 'The runbook is another now than at the declaration, or gone',
    }),
    timeline: Type.String({ description: 'Its entries in the log' }),
  },
  { $id: 'Incident' },
)
export type Incident = Static<typeof Incident>

export const IncidentAnswer = Type.Object(
  {
    id: Type.String({ description: 'The incident' }),
    key: Type.String({ description: 'The idempotency key, yours or the one made for you' }),
    changed: Type.Boolean(),
    environment: Type.String(),
    durability,
    replayed: Type.Boolean(),
    warnings: Type.Array(ref(Warning)),
    entries: Type.Array(
      Type.Object({
        place: Type.Integer(),
        action: choice(ACTIONS),
        outcome: choice(OUTCOMES),
        at: time('When it was committed'),
        summary: Type.String(),
      }),
    ),
    adopted: Type.Optional(Type.Array(Adopted)),
    incident: ref(Incident),
  },
  { $id: 'IncidentAnswer' },
)
export type IncidentAnswer = Static<typeof IncidentAnswer>

export const DeclarationAnswer = Type.Object(
  {
    ...IncidentAnswer.properties,
    changedFlags: Type.Array(
      Type.Object({
        place: Type.Integer(),
        at: time('When'),
        action: choice(ACTIONS),
        flag: Type.Optional(Type.String()),
        summary: Type.String(),
        actor: Type.String(),
        incident: Type.Optional(Type.String()),
      }),
      {
        description:
          'What changed flags in the last 24 h, newest first: those of its applications, of every one where it has no runbook and no flag',
      },
    ),
    notAdopted: Type.Array(Type.Object({ flag: Type.String(), hold: Type.String(), actor: Type.String() }), {
      description: 'Holds that no incident has',
    }),
  },
  { $id: 'DeclarationAnswer' },
)
export type DeclarationAnswer = Static<typeof DeclarationAnswer>
