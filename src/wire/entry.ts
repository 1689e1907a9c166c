// An entry of the log: the stored line, and as the API shows it, with its place and its hash.

import { type Static, Type } from 'typebox'
import { CatalogueChange, CatalogueDocument, CatalogueSummary } from './catalogue.js'
import { CredentialsTold } from './credentials.js'
import { HoldSummary, RunbookReference, StepReference, Warning } from './hold.js'
import { choice, orNull, ref, text, time, version } from './members.js'
import { ACTIONS, ERROR_CODES, NOTE_KINDS, OUTCOMES, PROOF_LIMITS, ROLES, VIAS } from './words.js'

/** `owner` and `due` belong to an action: a follow-up with somebody's name on it. `to` belongs to `escalated`. */
export const Note = Type.Object(
  {
    kind: choice(NOTE_KINDS),
    text: text('What there is to say', 4000),
    to: Type.Optional(text('Of an escalation: who was called', 200)),
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

/** A hold that an incident took over. */
export const Adopted = Type.Object({
  flag: Type.String(),
  hold: Type.String(),
  from: Type.Optional(Type.String({ description: 'The incident that had it; absent where none had' })),
})
export type Adopted = Static<typeof Adopted>

export const Confirmation = Type.Object(
  {
    flip: Type.Integer({ description: 'Place of the flip' }),
    complete: Type.Boolean({ description: 'Of flip.confirmed true, of flip.unconfirmed false' }),
    applied: Type.Integer(),
    pending: Type.Array(Type.String()),
    lost: Type.Array(Type.String()),
    cannotProve: Type.Optional(Type.Array(Type.String())),
    expired: Type.Optional(Type.Array(Type.String())),
    apart: Type.Optional(Type.Array(Type.String(), { description: '`<instance>: <how>`' })),
    of: Type.Optional(Type.Integer({ description: 'How many instances were to apply it' })),
    because: Type.Optional(Type.Array(choice(PROOF_LIMITS))),
    served: Type.Integer({ description: 'Clients without receipts: not covered by the proof' }),
    firstMs: Type.Optional(Type.Number()),
    lastMs: Type.Optional(Type.Number()),
  },
  {
    $id: 'Confirmation',
    description:
      'Which app instances had shown that they applied a flip, and when; of those missing 50 are named together',
  },
)
export type Confirmation = Static<typeof Confirmation>

const places = {
  v: version,
  epoch: Type.Integer(),
  seq: Type.Integer(),
  at: time('Never below the entry before, but of log.redated'),
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
        'Of a step.run: the flags it killed, or was to kill where it was refused; of an unchanged.summary: those that were killed again; of incident.adopted and incident.resolved: those it speaks of',
    }),
  ),
  undo: Type.Optional(
    Type.Literal(true, { description: 'Of a restore: its actor took back a kill of their own' }),
  ),
  incident: Type.Optional(Type.String()),
  incidents: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Of a restore and its proof: the incidents whose holds it released, where they are several',
    }),
  ),
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
      { description: 'Of a refused.summary and an unchanged.summary: how many, since when' },
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
  shown: Type.Optional(
    Type.Object(
      {
        hold: Type.String({ description: 'As it was in the log that was lost' }),
        app: Type.String(),
        instance: Type.String(),
      },
      { description: 'Of a kill that this log did not have: the app instance that showed it back' },
    ),
  ),
  recovered: Type.Optional(
    Type.Object(
      { why: Type.String(), restored: Type.Integer({ description: 'How many lines were put back' }) },
      { description: 'Of log.recovered' },
    ),
  ),
  signing: Type.Optional(
    Type.Object(
      {
        key: Type.String({ description: 'The 32 bytes of the Ed25519 public key that signs, in base64' }),
        after: Type.Object({ place: Type.Integer(), hash: Type.String() }),
        lost: Type.Optional(
          Type.Boolean({ description: 'The key before is lost: an owner replaced it on the disk' }),
        ),
      },
      { description: 'Of the first entry, log.signed and log.rekeyed: the key, and the entry before' },
    ),
  ),
  signs: Type.Optional(
    Type.String({
      description: 'While the log is not signed: the id of the key with which the writer would sign',
    }),
  ),
  redated: Type.Optional(
    Type.Object({ from: time('The hour of the entry before it') }, { description: 'Of log.redated' }),
  ),
  credentials: Type.Optional(ref(CredentialsTold)),
  catalogueChange: Type.Optional(ref(CatalogueChange)),
  declared: Type.Optional(
    Type.Object(
      {
        title: Type.String(),
        runbook: Type.String({ description: 'Empty where it was not known yet' }),
        severity: Type.String({ description: 'Empty where it was not known yet' }),
        commander: Type.Optional(Type.String()),
        drill: Type.Optional(Type.Literal(true, { description: 'The incident is a drill' })),
      },
      { description: 'Of incident.declared' },
    ),
  ),
  note: Type.Optional(ref(Note)),
  change: Type.Optional(
    Type.Object(
      {
        severity: Type.Optional(Type.String()),
        runbook: Type.Optional(ref(RunbookReference)),
        commander: Type.Optional(Type.String()),
        title: Type.Optional(Type.String()),
        link: Type.Optional(Type.Object({ title: Type.String(), url: Type.String() })),
      },
      { description: 'Of incident.changed: what is new' },
    ),
  ),
  adopted: Type.Optional(
    Type.Array(Adopted, { description: "Of incident.adopted: the holds that now are the incident's" }),
  ),
  history: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Of incident.adopted: names nobody declared, whose kills and restores are those of the incident from here on',
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
  forgotten: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), instance: Type.String() }), {
      description: 'Of fleet.forgotten: the sessions that nobody waits for any more',
    }),
  ),
  reconciled: Type.Optional(
    Type.Array(Type.Object({ flag: Type.String(), holds: Type.Array(Type.String()) }), {
      description: 'Of fleet.reconciled: the holds that the apps let go of',
    }),
  ),
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
  sig: Type.Optional(
    Type.String({
      description:
        "Of the last entry of a commit: the key's id, and its Ed25519 signature over this line and all before it",
    }),
  ),
}
const whole = Type.Optional(ref(CatalogueDocument))
const hash = Type.String({ description: 'SHA-256 of the stored line' })
const sentence = Type.String({ description: 'What it says, in one line for people; not in the stored line' })

/** As it is stored: one line of JSON. */
export const Line = Type.Object({ ...places, ...about, catalogue: whole, ...ends })
export type Line = Static<typeof Line>

export const Entry = Type.Object(
  { place: Type.Integer(), ...Line.properties, hash, sentence },
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
    sentence,
  },
  { $id: 'ListedEntry', description: 'One entry of the log; a catalogue in short' },
)
export type ListedEntry = Static<typeof ListedEntry>
