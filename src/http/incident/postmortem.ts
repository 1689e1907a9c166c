// GET /v1/incidents/:id/postmortem and /messages/:kind: what the log says, in the words and templates of the runbook.

import { Type } from 'typebox'
import { messageOf, templateOf } from '../../domain/incident/message.js'
import { postmortemOf } from '../../domain/incident/postmortem.js'
import { IncidentParams } from '../../wire/incident.js'
import { ref } from '../../wire/members.js'
import { Message, MessageParams } from '../../wire/message.js'
import type { App, Parts } from '../parts.js'
import { goneOf } from '../plumbing/gone.js'

const MARKDOWN = 'text/markdown; charset=utf-8'
export function postmortemRoutes(app: App, parts: Parts): void {
  const { incidents, environment } = parts
  const tags = ['incidents']
  app.get(
    '/v1/incidents/:id/postmortem',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'getPostmortem',
        summary: 'The post-mortem, written from the log in the template of the runbook',
        description:
          'Markdown. The same log gives the same text; what only people know is left in brackets and listed.',
        tags,
        params: IncidentParams,
        response: {
          200: {
            description: 'The post-mortem',
            content: {
              'text/markdown': { schema: Type.String() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const source = await incidents.source(request.params.id, environment, goneOf(reply))
      return reply.type(MARKDOWN).send(postmortemOf(source))
    },
  )
  app.get(
    '/v1/incidents/:id/messages/:kind',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'getMessage',
        summary: "A message to stakeholders: the runbook's template, filled from the newest notes",
        tags,
        params: MessageParams,
        response: { 200: ref(Message) },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const { id, kind } = request.params
      const source = await incidents.source(id, environment, goneOf(reply))
      const template = templateOf(source.runbook?.messageTemplates ?? [], kind)
      reply.header('cache-control', 'no-store')
      return messageOf(source, template)
    },
  )
}
