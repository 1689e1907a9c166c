// Questions to the log as a whole: GET /v1/audit/counts, /v1/audit/roles and /v1/insights.

import { AuditCounts, AuditRoles, CountsQuery, RolesQuery } from '../../wire/audit-questions.js'
import { InsightsAnswer, InsightsQuery } from '../../wire/insights.js'
import { ref } from '../../wire/members.js'
import type { App, Parts } from '../parts.js'
import { endOf } from '../plumbing/gone.js'
import { filterOf } from './audit-filter.js'

const tags = ['audit']

export function auditQuestionRoutes(app: App, { questions, audit, environment }: Parts): void {
  app.get(
    '/v1/audit/counts',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'countAudit',
        summary: 'How many entries, by flag, step, actor, action, day and more',
        description:
          'Takes the filters of `/v1/audit`. Drills are left out unless `drill` asks for them. The largest 1000 groups are shown; `more` says what is left out.',
        tags,
        querystring: CountsQuery,
        response: { 200: ref(AuditCounts) },
      },
    },
    async (request, reply) => {
      const { by, drill = 'false', ...query } = request.query
      reply.header('cache-control', 'no-store')
      const filter = filterOf(query)
      await audit.assertMeant(query.flag)
      return { environment, ...(await questions.counts(filter, by, drill, endOf(reply))) }
    },
  )
  app.get(
    '/v1/audit/roles',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'getRoles',
        summary: 'Who had which role at a time, as the log shows it',
        description: 'Of each actor the role of its last entry at or before that time, and that entry.',
        tags,
        querystring: RolesQuery,
        response: { 200: ref(AuditRoles) },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return { environment, ...(await questions.roles(request.query, endOf(reply))) }
    },
  )
  app.get(
    '/v1/insights',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'getInsights',
        summary: 'How long kills, their proof and their restore took, by month and application',
        description:
          'From the declaration of an incident to its first kill, from a kill to the proof that every app instance applied it, from a kill to the end of its hold. What did not happen is counted as `unknown`, never as zero. Drills are left out unless `drill` asks for them.',
        tags,
        querystring: InsightsQuery,
        response: { 200: ref(InsightsAnswer) },
      },
    },
    async (request, reply) => {
      const { drill = 'false', ...asked } = request.query
      reply.header('cache-control', 'no-store')
      return { environment, ...(await questions.insights(asked, drill, endOf(reply))) }
    },
  )
}
