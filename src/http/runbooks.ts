// GET /v1/runbooks, /v1/runbooks/:runbook and /v1/steps: the runbooks as they were read, and what a step would do.

import { Type } from 'typebox'
import type { Runbook, Step } from '../domain/runbook.js'
import { negotiate } from './accept.js'
import { actorOf } from './auth.js'
import { flagKey } from './members.js'
import type { App, Parts } from './parts.js'
import { RunbookParams } from './schemas.js'

const open = { additionalProperties: true }
const FlagAction = Type.Object(
  {
    flag: Type.String(),
    variant: Type.String(),
    direction: Type.String(),
    line: Type.Integer(),
    confidence: Type.String(),
    condition: Type.Optional(Type.String()),
    limit: Type.Optional(Type.String()),
  },
  open,
)
const StepView = Type.Object(
  {
    id: Type.String(),
    code: Type.String(),
    text: Type.String(),
    line: Type.Integer(),
    ordinal: Type.String(),
    kind: Type.String(),
    headingPath: Type.Array(Type.String()),
    parent: Type.Optional(Type.String()),
    condition: Type.Optional(Type.String()),
    flagActions: Type.Array(FlagAction),
  },
  open,
)
const Summary = Type.Object({
  id: Type.String(),
  title: Type.String(),
  digest: Type.String(),
  steps: Type.Integer(),
  severities: Type.Array(Type.String()),
  flags: Type.Array(Type.String()),
  findings: Type.Integer(),
  leftOut: Type.Record(Type.String(), Type.Integer()),
})
const RunbookView = Type.Object(
  { id: Type.String(), title: Type.String(), digest: Type.String(), steps: Type.Array(StepView) },
  open,
)
const Verdict = Type.Object({
  flag: Type.String(),
  verdict: Type.String(),
  label: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  asks: Type.Optional(
    Type.Array(Type.String(), { description: 'What a run asks about before it kills this flag' }),
  ),
})
const StepsPage = Type.Object({
  steps: Type.Array(Type.Object({ ...StepView.properties, runbook: Type.String() }, open)),
  run: Type.Optional(
    Type.Object(
      {
        verdicts: Type.Array(Verdict),
        needsFlags: Type.Boolean(),
        call: Type.Optional(Type.Unknown()),
        children: Type.Array(Type.Object({ id: Type.String(), code: Type.String(), text: Type.String() })),
      },
      { description: 'With ?step=: what a run by you would do, and the exact call' },
    ),
  ),
})

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
        response: { 200: Type.Object({ runbooks: Type.Array(Summary) }) },
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
              'application/json': { schema: RunbookView },
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
        querystring: Type.Object(
          {
            flag: Type.Optional(flagKey()),
            runbook: Type.Optional(Type.String({ maxLength: 300 })),
            step: Type.Optional(Type.String({ maxLength: 300 })),
          },
          { additionalProperties: false },
        ),
        response: { 200: StepsPage },
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
