// What every refusal and failure is on the wire: RFC 9457 problem details, with the facts as members. The SDK and the CLI
// know it as a type.

import { type Static, Type } from 'typebox'
import { HoldSummary } from './hold.js'
import { Objection } from './incident.js'
import { choice, ref } from './members.js'
import { RunVerdict } from './runbook.js'
import { Call, Way } from './way.js'
import { ERROR_CODES, ROLES } from './words.js'

const many = (description: string) => Type.Optional(Type.Array(Type.String(), { description }))
const word = (description: string) => Type.Optional(Type.String({ description }))
const number = (description: string) => Type.Optional(Type.Integer({ description }))

export const InputFault = Type.Object(
  {
    in: choice(['body', 'query', 'path', 'header']),
    path: Type.String({ description: 'The member, parameter or header: body.link.url' }),
    rule: Type.String({ description: 'The rule that it breaks: a keyword of JSON Schema, json, or refused' }),
    problem: Type.String({ description: 'What is wrong with it' }),
  },
  { $id: 'InputFault' },
)
export type InputFault = Static<typeof InputFault>

export const StepChoice = Type.Object(
  {
    step: Type.String(),
    code: Type.String(),
    text: Type.String(),
    call: Type.Optional(ref(Call)),
  },
  { $id: 'StepChoice' },
)
export type StepChoice = Static<typeof StepChoice>

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

/** The members that a code may have besides. */
export const ProblemData = Type.Object({
  cause: word('What made it, in one word: the code of Redis or of the system where there is one'),
  needed: Type.Optional(choice([...ROLES, 'reader'], 'The role that would be needed')),
  role: Type.Optional(choice(ROLES, "The caller's role")),
  near: many('Names that may have been meant: keys, ids of steps, incidents or runbooks'),
  candidates: Type.Optional(Type.Array(ref(StepChoice), { description: 'The steps that `near` names' })),
  wayOut: Type.Optional(Type.Array(ref(Way), { description: 'What to do: any of these' })),
  errors: Type.Optional(
    Type.Array(ref(InputFault), { description: 'What is wrong with the request, each by itself' }),
  ),
  flag: word('The flag it is about, as it was asked for'),
  flags: many('The first fifty flags there are'),
  incident: word('The incident it is about'),
  flip: word('Of what was sent: ask GET /v1/flips/:id for it'),
  step: word('The step it is about'),
  call: Type.Optional(ref(Call)),
  children: Type.Optional(Type.Array(ref(StepChoice), { description: 'Nested steps that can be run' })),
  verdicts: Type.Optional(
    Type.Array(ref(RunVerdict), { description: 'What a run says of each of its kills' }),
  ),
  holds: Type.Optional(Type.Array(ref(HoldSummary), { description: 'The holds on the flag now' })),
  held: many('The flags that the incident holds'),
  open: Type.Optional(Type.Array(ref(Objection), { description: 'What keeps the incident open' })),
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
  errorCode: Type.Optional(
    Type.Literal('INVALID_CONTEXT', { description: 'What OFREP calls it, where its clients ask' }),
  ),
})
export type ProblemData = Static<typeof ProblemData>

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
    ...ProblemData.properties,
  },
  { $id: 'Problem', additionalProperties: true, description: 'RFC 9457 problem details' },
)
