// GET /v1/runbooks, /v1/runbooks/:runbook and /v1/steps: the runbooks as they were read, and what a step would do.

import { Type } from 'typebox'
import { ref } from '../../wire/members.js'
import { Runbook, RunbookList, RunbookParams, type Step, StepList, StepQuery } from '../../wire/runbook.js'
import type { App, Parts } from '../parts.js'
import { negotiate } from '../plumbing/accept.js'
import { actorOf } from '../plumbing/auth.js'

const summarise = (runbook: Runbook) => ({
  id: runbook.id,
  title: runbook.title,
  digest: runbook.digest,
  steps: runbook.steps.length,
  severities: runbook.severities.map(severity => severity.level),
  flags: [...new Set(runbook.steps.flatMap(step => step.flagActions.map(action => action.flag)))].sort(),
  findings: runbook.findings.length,
  leftOut: runbook.leftOut,
})

const withRunbook = (runbook: string, step: Step) => ({ runbook, ...step })

const ABOUT_STEPS = /^\/v1\/(runbooks|steps|incidents|housekeeping)\b/

/** In the first moment after a start: who asks about steps is answered when they are read. Flips see to theirs. */
export function registerReading(app: App, { runbooks }: Pick<Parts, 'runbooks'>): void {
  app.addHook('preHandler', async ({ routeOptions }) => {
    if (!runbooks.isKnown && ABOUT_STEPS.test(routeOptions.url ?? '')) await runbooks.known()
  })
}

export function runbookRoutes(app: App, { runbooks, flips }: Parts): void {
  const tags = ['runbooks']
  app.get(
    '/v1/runbooks',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listRunbooks',
        summary: 'Every runbook, in short',
        tags,
        response: { 200: ref(RunbookList) },
      },
    },
    async () => ({ runbooks: runbooks.all().map(summarise) }),
  )
  app.get(
    '/v1/runbooks/:runbook',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getRunbook',
        summary: 'One runbook as it was read; `Accept: text/markdown` gives the source',
        tags,
        params: RunbookParams,
        response: {
          200: {
            description: 'The runbook',
            content: {
              'application/json': { schema: ref(Runbook) },
              'text/markdown': { schema: Type.String() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const runbook = runbooks.get(request.params.runbook)
      reply.header('vary', 'accept')
      const type = negotiate(request, ['application/json', 'text/markdown', 'text/plain'])
      if (type === 'application/json') return reply.type(type).send(runbook)
      return reply.type(`${type}; charset=utf-8`).send(runbooks.source(runbook.id))
    },
  )
  app.get(
    '/v1/steps',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listSteps',
        summary:
          'Steps that act on a flag, or of a runbook; with `step` one of them, and what a run would do',
        tags,
        querystring: StepQuery,
        response: { 200: ref(StepList) },
      },
    },
    async request => {
      const { flag, runbook, step } = request.query
      if (step !== undefined) {
        const { children, verdicts, needsChoice, call, ...found } = flips.preview(actorOf(request), step)
        const run = {
          verdicts,
          needsFlags: needsChoice,
          children: children.map(({ id, code, text }) => ({ id, code, text })),
          ...(call ? { call } : {}),
        }
        return { steps: [withRunbook(found.step.id.split('/')[0] ?? '', found.step)], run }
      }
      if (flag !== undefined) flips.flag(flag)
      if (runbook !== undefined) runbooks.get(runbook)
      const found = runbooks.steps(flag).filter(each => runbook === undefined || each.runbook.id === runbook)
      return { steps: found.map(each => withRunbook(each.runbook.id, each.step)) }
    },
  )
}
