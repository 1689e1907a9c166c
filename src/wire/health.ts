// How the service is, and who is asking it.

import { type Static, Type } from 'typebox'
import { choice, ref } from './members.js'
import { ROLES } from './words.js'

export const Live = Type.Object({ status: Type.Literal('live') }, { $id: 'Live' })
export type Live = Static<typeof Live>

export const Condition = Type.Object(
  { code: Type.String(), detail: Type.String() },
  { $id: 'Condition', description: 'Something less than well' },
)
export type Condition = Static<typeof Condition>

export const Ready = Type.Object(
  {
    status: choice(['ready', 'degraded', 'not-ready']),
    environment: Type.String(),
    head: Type.Integer(),
    revision: Type.Integer(),
    degraded: Type.Array(ref(Condition)),
  },
  { $id: 'Ready' },
)
export type Ready = Static<typeof Ready>

export const Whoami = Type.Object(
  {
    environment: Type.String(),
    version: Type.String({ description: 'Of the service' }),
    id: Type.String(),
    role: choice(ROLES),
    only: Type.Optional(Type.Literal('kill')),
    apps: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'Whoami' },
)
export type Whoami = Static<typeof Whoami>
