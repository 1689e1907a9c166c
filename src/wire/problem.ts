// What every refusal and failure is on the wire: RFC 9457 problem details, with the facts as members. The SDK and the CLI
// know it as a type.

import { type Static, Type } from 'typebox'
import { HoldSummary } from './hold.js'
import { Objection } from './incident.js'
import { choice, ref } from './members.js'
import { RunVerdict } from './runbook.js'
import { Call, Way } from './way.js'
import { ERROR_CODES, type ErrorCode, ROLES } from './words.js'

const many = (description: string) => Type.Optional(Type.Array(Type.String(), { description }))
const word = (description: string) => Type.Optional(Type.String({ description }))
const number = (description: string) => Type.Optional(Type.Integer({ description }))

export const InputFault = Type.Object(
  {
    // no enum: generators make a type of its name, and `in` is none
    in: Type.Unsafe<'body' | 'query' | 'path' | 'header'>({
      type: 'string',
      description: 'Where it is: body, query, path or header',
    }),
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

/** What each code means. A program goes by the code: these words may change. */
export const MEANINGS: Readonly<Record<ErrorCode, string>> = {
  'malformed-request': 'The body, a parameter or a header is not of the form asked for; `errors` says where',
  'payload-too-large': 'The body is larger than any request needs',
  'unsupported-media-type': 'The body is not JSON, or is compressed',
  'not-acceptable': 'It is not served as what Accept asks for; `offered` is what there is',
  unauthenticated: 'No token, or one that is unknown or expired',
  forbidden: 'The role is too low: `needed` is the one that may',
  'unknown-route': 'There is nothing at this path',
  'method-not-allowed': 'The path is there and takes other methods: `methods`',
  'unknown-flag': 'No flag has this key; `near` may have been meant',
  'unknown-step': 'No runbook has this step; `near` may have been meant',
  'ambiguous-step': 'The name means more than one step: `candidates`',
  'step-mismatch': 'The step is there, and does not act on this flag in this direction',
  'unknown-runbook': 'No runbook has this id; there are `runbooks`',
  'unknown-template': 'The runbook has no such template; it has `templates`',
  'unknown-entry': 'The log has no entry at this place',
  'unknown-flip': 'The log has no such flip of yours, or a part of it only',
  'unknown-instance': 'No app instance of this name is known; `near` may have been meant',
  'instance-live': 'The app instance is running, and is waited for',
  'too-many-instances': 'The token has as many instances of the application as it may have',
  'unknown-session': 'The session is not of this service, token, application and name: open another one',
  'nothing-to-reconcile': 'No instance of the application holds what the log does not have',
  'unknown-incident': 'Nobody declared an incident of this id',
  'unknown-severity': "It is not one of the runbook's own `scale`",
  'incident-exists': 'It was declared already, under another Idempotency-Key',
  'incident-open': 'It still holds a flag, or its recovery wait runs: `open`',
  'incident-resolved': 'It is resolved: there is nothing left to resolve, or to adopt for',
  'nothing-to-adopt': 'There is no hold to take: each is of an incident that is open',
  'not-held': 'The incident holds no such flag; it holds `held`',
  'no-log-key': 'Nothing signs checkpoints here',
  'not-extended': 'The log does not extend what this instance signed before, so that it signs nothing',
  'log-present': 'An import finds a log where it should write one',
  'nothing-to-redate': 'The last hour of the log is not in the future',
  'clocks-apart': "A log is not dated anew by a clock that the store's contradicts",
  'nothing-to-release': 'None of the `holds` is the one named',
  'nothing-to-run': 'The step kills no flag; `children` may',
  'choose-flags': 'A conditional or uncertain step run must name its flags: `call`',
  'precondition-failed': 'The flag is not as If-Match says; `etag` is its own now',
  'key-reused': 'The Idempotency-Key was used for another request',
  behind: 'The caller has seen more of this log than this instance',
  overloaded: 'A read that waits until there is less to do',
  'too-many-requests': 'The token has asked for more than it may; Retry-After says when it may again',
  'too-many-streams': 'A limit on open event streams is reached',
  'no-known-state': 'This instance has not seen the log yet',
  'store-unavailable': 'Certain: nothing was done; `cause` says what the store said',
  'outcome-unknown': 'It may have been done, or may not: ask for `flip`',
  'not-signed': 'What the store holds was not written by an instance that has the key of the log',
  'history-lost': "The store is behind, empty or on another branch than this instance's journal",
  'journal-broken': 'The disk of this instance fails or is full; `cause` says how',
  'out-of-files': 'Certain: nothing was done, as this process or its machine has no file left to open',
  configuration: 'What the process was given cannot be used',
  'catalogue-refused': 'The changed catalogue has `faults`; the one in force stays',
  internal: 'Nobody foresaw this; the log has it under `requestId`',
}

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

const TABLE = ERROR_CODES.map(code => `- \`${code}\`: ${MEANINGS[code]}`).join('\n')

export type Problem = Static<typeof Problem>
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: choice(ERROR_CODES, `Stable: what a program may look at.\n\n${TABLE}`),
    detail: Type.String({ description: 'For a person: the message, the near names, and the ways out' }),
    message: Type.String({ description: 'What happened' }),
    requestId: Type.String(),
    ...ProblemData.properties,
  },
  { $id: 'Problem', additionalProperties: true, description: 'RFC 9457 problem details' },
)
