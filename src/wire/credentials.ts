// Who may what by the tokens file of an instance of the service, as an entry of the log tells it. Nothing of a token is here.

import { type Static, Type } from 'typebox'
import { choice, ref } from './members.js'
import { LIMITS, ROLES } from './words.js'

export const Credential = Type.Object(
  {
    id: Type.String({ description: 'The actor' }),
    role: choice(ROLES),
    only: Type.Optional(choice(LIMITS)),
    apps: Type.Optional(Type.Array(Type.String())),
    expires: Type.Optional(Type.String({ description: 'RFC 3339' })),
    tokens: Type.Integer({ description: 'How many tokens it has: two while one is replaced' }),
  },
  { $id: 'Credential', description: 'Who may what, by the tokens file' },
)
export type Credential = Static<typeof Credential>

export const CredentialsTold = Type.Object(
  {
    instance: Type.String({ description: 'The instance of the service whose file it is: its host and port' }),
    mark: Type.String({
      description: 'Names the content, so that instances with the same file tell it once; made with a key',
    }),
    before: Type.Optional(
      Type.String({ description: 'The mark of what the instance went by before; absent at a start' }),
    ),
    compared: Type.Optional(
      Type.Integer({ description: 'At a start: the place of the entry that it is compared with' }),
    ),
    may: Type.Array(ref(Credential), { description: 'Who may what from here on' }),
    added: Type.Array(Type.String()),
    removed: Type.Array(ref(Credential), { description: 'As they were' }),
    changed: Type.Array(
      Type.Object({
        id: Type.String(),
        members: Type.Array(choice(['role', 'only', 'apps', 'expires', 'tokens'])),
        was: ref(Credential),
      }),
    ),
  },
  {
    $id: 'CredentialsTold',
    description: "Of tokens.changed, and of a new log's first catalogue: who may what, and what changed",
  },
)
export type CredentialsTold = Static<typeof CredentialsTold>
