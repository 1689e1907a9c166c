// What every refusal and failure is on the wire: RFC 9457 problem details, with the facts as members. The SDK and the CLI
// know it as a type.

import { type Static, Type } from 'typebox'
import { ROLES } from '../domain/actor.js'
import { ERROR_CODES } from '../domain/errors.js'

const choice = <T extends string>(values: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description ? { description } : {}) })
const many = (description: string) => Type.Optional(Type.Array(Type.String(), { description }))
const word = (description: string) => Type.Optional(Type.String({ description }))
const number = (description: string) => Type.Optional(Type.Integer({ description }))

const Call = Type.Object(
  {
    method: choice(['GET', 'POST']),
    path: Type.String(),
    body: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { description: 'A request to this service, exact enough to be sent' },
)
export const Way = Type.Object({
  text: Type.String({ description: 'The whole sentence' }),
  does: word('What the call does, or what sending these members does'),
  call: Type.Optional(Call),
  send: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Members to add to the request that was refused',
    }),
  ),
})
const InputFault = Type.Object({
  in: choice(['body', 'query', 'path', 'header']),
  path: Type.String({ description: 'The member, parameter or header: body.link.url' }),
  rule: Type.String({ description: 'The rule that it breaks: a keyword of JSON Schema, json, or refused' }),
  problem: Type.String({ description: 'What is wrong with it' }),
})
const StepChoice = Type.Object({
  step: Type.String(),
  code: Type.String(),
  text: Type.String(),
  call: Type.Optional(Call),
})
const HeldBy = Type.Object({
  id: Type.String(),
  actor: Type.String(),
  incident: Type.Optional(Type.String()),
  since: Type.String(),
})
const RunVerdict = Type.Object({
  flag: Type.String(),
  verdict: choice(['kill', 'already-held', 'refused']),
  label: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  asks: Type.Optional(Type.Array(Type.String())),
})
const Objection = Type.Union([
  Type.Object({
    what: Type.Literal('hold'),
    flag: Type.String(),
    hold: Type.String(),
    actor: Type.String(),
    since: Type.String(),
    detail: Type.String(),
  }),
  Type.Object({
    what: Type.Literal('recovery-wait'),
    until: Type.String(),
    text: Type.String(),
    line: Type.Integer(),
    detail: Type.String(),
  }),
])
const Level = Type.Object({
  level: Type.String(),
  name: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
})
const FileFault = Type.Object({ file: Type.String(), line: Type.Integer(), message: Type.String() })
const Finding = Type.Object({
  level: Type.String(),
  check: Type.String(),
  seen: Type.String(),
  cure: Type.String(),
})

/** The members that a code may have besides; `domain/errors.ts` has them as `ErrorData`. */
const data = {
  cause: word('What made it, in one word: the code of Redis or of the system where there is one'),
  needed: Type.Optional(choice([...ROLES, 'reader'], 'The role that would be needed')),
  role: Type.Optional(choice(ROLES, "The caller's role")),
  near: many('Names that may have been meant: keys, ids of steps, incidents or runbooks'),
  candidates: Type.Optional(Type.Array(StepChoice, { description: 'The steps that `near` names' })),
  wayOut: Type.Optional(Type.Array(Way, { description: 'What to do: any of these' })),
  errors: Type.Optional(
    Type.Array(InputFault, { description: 'What is wrong with the request, each by itself' }),
  ),
  flag: word('The flag it is about, as it was asked for'),
  flags: many('The first fifty flags there are'),
  incident: word('The incident it is about'),
  flip: word('Of what was sent: ask GET /v1/flips/:id for it'),
  step: word('The step it is about'),
  call: Type.Optional(Call),
  children: Type.Optional(Type.Array(StepChoice, { description: 'Nested steps that can be run' })),
  verdicts: Type.Optional(Type.Array(RunVerdict, { description: 'What a run says of each of its kills' })),
  holds: Type.Optional(Type.Array(HeldBy, { description: 'The holds on the flag now' })),
  held: many('The flags that the incident holds'),
  open: Type.Optional(Type.Array(Objection, { description: 'What keeps the incident open' })),
  etag: word('The ETag of the flag now'),
  revision: number('The revision of this instance'),
  floor: number('The revision that the caller has seen'),
  runbooks: many('The runbooks there are'),
  templates: many('The templates of the runbook'),
  scale: Type.Optional(Type.Array(Level, { description: 'The severities of the runbook' })),
  applications: many('The applications there are, or that the token is for'),
  methods: many('What the path takes'),
  offered: many('What it is served as'),
  faults: Type.Optional(Type.Array(FileFault)),
  file: word('Of the journal'),
  line: number('In the file'),
  offset: number('Where that line begins'),
  entries: number('How many the log has'),
  head: Type.Optional(Type.Object({ epoch: Type.Integer(), seq: Type.Integer(), hash: Type.String() })),
  findings: Type.Optional(Type.Array(Finding)),
  errorCode: Type.Optional(Type.Literal('INVALID_CONTEXT')),
}

export type Problem = Static<typeof Problem>
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: choice(ERROR_CODES, 'Stable: what a program may look at'),
    detail: Type.String({ description: 'For a person: the message, the near names, and the ways out' }),
    message: Type.String({ description: 'What happened' }),
    requestId: Type.String(),
    ...data,
  },
  { $id: 'Problem', additionalProperties: true, description: 'RFC 9457 problem details' },
)
