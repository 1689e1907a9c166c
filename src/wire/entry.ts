// An entry of the log: the stored line, and as the API shows it, with its place and its hash.

import { type Static, Type } from 'typebox'
import { CatalogueDocument, CatalogueSummary } from './catalogue.js'
import { HoldSummary, RunbookReference, StepReference, Warning } from './hold.js'
import { choice, orNull, ref, text, time, version } from './members.js'
import { ACTIONS, ERROR_CODES, NOTE_KINDS, OUTCOMES, ROLES, VIAS } from './words.js'

/** `owner` and `due` belong to an action: a follow-up with somebody's name on it. */
export const Note = Type.Object(
  {
    kind: choice(NOTE_KINDS),
    text: text('What there is to say', 4000),
    owner: Type.Optional(text('Of an action: whose it is', 100)),
    due: Type.Optional(
      Type.String({
        description: 'Of an action: by when, RFC 3339 or a date',
        maxLength: 40,
        examples: ['2026-11-27'],
      }),
    ),
  },
  {
    $id: 'Note',
    additionalProperties: false,
    examples: [{ kind: 'progress', text: 'Found the failing region' }],
  },
)
export type Note = Static<typeof Note>

export const Left = Type.Object(
  { flag: Type.String(), owner: Type.String(), until: Type.String() },
  { $id: 'Left', description: 'A hold that stays beyond the resolve: who looks after it, until when' },
)
export type Left = Static<typeof Left>

export const Confirmation = Type.Object(
  {
    flip: Type.Integer({ description: 'Place of the flip' }),
    complete: Type.Boolean(),
    applied: Type.Integer(),
    pending: Type.Array(Type.String()),
    lost: Type.Array(Type.String()),
    served: Type.Integer(),
    firstMs: Type.Optional(Type.Number()),
    lastMs: Type.Optional(Type.Number()),
  },
  { $id: 'Confirmation', description: 'Which app instances had applied a flip, and when' },
)
export type Confirmation = Static<typeof Confirmation>

const places = {
  v: version,
  epoch: Type.Integer(),
  seq: Type.Integer(),
  at: time('Never below the entry before'),
  receivedAt: time('The accepting instance'),
  action: choice(ACTIONS),
  outcome: choice(OUTCOMES),
  environment: Type.String(),
  actor: Type.Object({ id: Type.String(), role: choice(ROLES), via: choice(VIAS) }),
}
const about = {
  flag: Type.Optional(Type.String()),
  application: Type.Optional(Type.String()),
  label: Type.Optional(Type.String()),
  from: Type.Optional(
    orNull(Type.String({ description: 'The variant before; null is the normal behaviour' })),
  ),
  to: Type.Optional(orNull(Type.String({ description: 'The variant after; null is the normal behaviour' }))),
  hold: Type.Optional(Type.String({ description: 'Of a kill: the hold it put, or the one that was there' })),
  released: Type.Optional(
    Type.Array(Type.String(), { description: 'Of a restore: exactly the holds it released' }),
  ),
  holds: Type.Optional(Type.Array(ref(HoldSummary), { description: 'Those left after the entry' })),
  flags: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Of a step.run: the flags it killed; of incident.adopted and incident.resolved: those it speaks of',
    }),
  ),
  incident: Type.Optional(Type.String()),
  runbook: Type.Optional(ref(RunbookReference)),
  step: Type.Optional(ref(StepReference)),
  offRunbook: Type.Optional(Type.Boolean()),
  reason: Type.Optional(Type.String()),
  warnings: Type.Optional(Type.Array(ref(Warning))),
  refusal: Type.Optional(
    Type.Object(
      { code: choice(ERROR_CODES, 'As problems have it'), detail: Type.String() },
      { description: 'Why it was refused' },
    ),
  ),
  summary: Type.Optional(
    Type.Object(
      { count: Type.Integer(), since: Type.String() },
      { description: 'Of a refused.summary: how many, since when' },
    ),
  ),
  merged: Type.Optional(
    Type.Array(Type.String(), { description: 'The provisional holds that came into the log by it' }),
  ),
  origin: Type.Optional(
    Type.Object(
      { place: Type.Integer(), hash: Type.String() },
      { description: 'An entry offered again from an abandoned branch: what it was there' },
    ),
  ),
  recovered: Type.Optional(
    Type.Object(
      { why: Type.String(), restored: Type.Integer({ description: 'How many lines were put back' }) },
      { description: 'Of log.recovered' },
    ),
  ),
  declared: Type.Optional(
    Type.Object(
      {
        title: Type.String(),
        runbook: Type.String(),
        severity: Type.String(),
        commander: Type.Optional(Type.String()),
      },
      { description: 'Of incident.declared' },
    ),
  ),
  note: Type.Optional(ref(Note)),
  change: Type.Optional(
    Type.Object(
      {
        severity: Type.Optional(Type.String()),
        commander: Type.Optional(Type.String()),
        title: Type.Optional(Type.String()),
        link: Type.Optional(Type.Object({ title: Type.String(), url: Type.String() })),
      },
      { description: 'Of incident.changed: what is new' },
    ),
  ),
  adopted: Type.Optional(
    Type.Array(Type.Object({ flag: Type.String(), hold: Type.String() }), {
      description: "Of incident.adopted: the holds that now are the incident's",
    }),
  ),
  ticked: Type.Optional(choice(['done', 'skipped'], 'Of incident.step: what became of `step`')),
  resolved: Type.Optional(
    Type.Object(
      {
        leave: Type.Array(ref(Left)),
        forced: Type.Optional(Type.Boolean({ description: 'Past what was in the way' })),
      },
      { description: 'Of incident.resolved: the holds that stay' },
    ),
  ),
  confirmed: Type.Optional(ref(Confirmation)),
}
const ends = {
  request: Type.Object({
    id: Type.String(),
    key: Type.String({ description: 'Its idempotency key' }),
    digest: Type.String({ description: "SHA-256 of the request's body" }),
    ip: Type.Optional(Type.String()),
    userAgent: Type.Optional(Type.String()),
  }),
  prev: Type.String({ description: 'SHA-256 of the line before; empty for the first' }),
}
const whole = Type.Optional(ref(CatalogueDocument))
const hash = Type.String({ description: 'SHA-256 of the stored line' })

/** As it is stored: one line of JSON. */
export const Line = Type.Object({ ...places, ...about, catalogue: whole, ...ends })
export type Line = Static<typeof Line>

export const Entry = Type.Object(
  { place: Type.Integer(), ...Line.properties, hash },
  { $id: 'Entry', description: 'One entry of the log, whole; which members it has follows from its action' },
)
export type Entry = Static<typeof Entry>

export const ListedEntry = Type.Object(
  {
    place: Type.Integer(),
    ...places,
    ...about,
    catalogue: Type.Optional(ref(CatalogueSummary)),
    ...ends,
    hash,
  },
  { $id: 'ListedEntry', description: 'One entry of the log; a catalogue in short' },
)
export type ListedEntry = Static<typeof ListedEntry>
