// A message to stakeholders, filled from a template of the runbook.

import { type Static, Type } from 'typebox'
import { IncidentParams } from './incident.js'

export const MessageParams = Type.Object({
  ...IncidentParams.properties,
  kind: Type.String({
    description: "A word of the template's title, or its tag: initial, resolution, update",
    maxLength: 100,
  }),
})

export const Message = Type.Object(
  {
    title: Type.String({ description: 'Of the template' }),
    line: Type.Integer({ description: 'Where it stands in the runbook' }),
    text: Type.String(),
    unfilled: Type.Array(Type.String(), {
      description: 'What the log does not know: for a person to write',
    }),
  },
  { $id: 'Message' },
)
export type Message = Static<typeof Message>
