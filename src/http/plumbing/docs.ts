// OpenAPI 3.1 at /openapi.json, made from the routes' own schemas, and a page to read it at /docs.

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { by, byCall, KillswitchError } from '../../domain/errors.js'
import { ref } from '../../wire/members.js'
import { EvaluationFailure } from '../../wire/ofrep.js'
import { Problem } from '../../wire/problem.js'
import type { App } from '../parts.js'
import { problemOf } from './errors.js'
import { EXAMPLES } from './examples.js'
import { KeptPages } from './kept-pages.js'
import { SHAPES } from './shapes.js'

const ABOUT = `Protective flags, killed from the step of a runbook, audited, and proved.

Every request but those to /livez, /readyz and this documentation needs \`Authorization: Bearer <token>\`. Every error is
\`application/problem+json\` with a stable \`code\`, its facts as members (\`needed\`, \`near\`, \`errors\`, \`wayOut\`), and a
\`detail\` that says all of it to a person. Send \`Idempotency-Key\` with
everything that changes something: the same key and body is answered again, and never done twice.`

const HEADERS = {
  'idempotency-key': {
    in: 'header',
    name: 'Idempotency-Key',
    schema: { type: 'string' },
    description: 'Yours for this one act; the same key and body replays the first answer',
    required: false,
  },
  'if-match': {
    in: 'header',
    name: 'If-Match',
    schema: { type: 'string' },
    description: "The flag's ETag as you last saw it",
    required: false,
  },
  'killswitch-floor': {
    in: 'header',
    name: 'Killswitch-Floor',
    schema: { type: 'string' },
    description:
      'The highest revision or entry number you have seen. An instance that is behind it acknowledges nothing below it: a kill is taken provisionally, anything else is answered `behind` (503)',
    required: false,
  },
} as const

/** Operations that change something: their key is answered again, and nothing is done twice. */
const KEYED = [
  'killFlag',
  'killNamedFlag',
  'killFlags',
  'runStep',
  'drillFlag',
  'drillNamedFlag',
  'declareIncident',
  'noteIncident',
  'adoptHolds',
  'changeIncident',
  'tickStep',
  'resolveIncident',
  'reopenIncident',
]

export async function registerDocs(app: App, environment: string, version: string): Promise<void> {
  for (const shape of SHAPES) app.addSchema(shape)
  await (app as unknown as FastifyInstance).register(swagger, {
    refResolver: { buildLocalReference: ({ $id }) => $id as string },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `Killswitch (${environment})`,
        description: ABOUT,
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'flags', description: 'What is in force' },
        { name: 'flips', description: 'Kill, restore, run a step' },
        { name: 'incidents', description: 'What the runbooks ask of the people around the flip' },
        { name: 'runbooks', description: 'The runbooks as they were read' },
        { name: 'audit', description: 'Who, when, why, from which step' },
        { name: 'applications', description: 'For the SDK in app services, and what they have applied' },
        {
          name: 'ofrep',
          description: 'For OpenFeature clients in any language, browsers, and flagd daemons',
        },
        { name: 'health', description: 'For probes and Prometheus' },
      ],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: ({ schema, url, route }) => ({
      schema: describe(schema, route.config, url.startsWith('/ofrep/') ? OFREP_FAILURE : PROBLEM),
      url,
    }),
    transformObject: documentObject =>
      ('openapiObject' in documentObject
        ? completed(documentObject.openapiObject as Document)
        : documentObject.swaggerObject) as never,
  })
  const kept = new KeptPages(app)
  app.addHook('onRoute', route => {
    if (!route.url.startsWith('/docs')) return
    route.config = { ...route.config, access: 'public' }
    kept.serve(route)
  })
  await (app as unknown as FastifyInstance).register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: PAGE_POLICY,
    theme: { title: `Killswitch (${environment})` },
    // without the bar that asks for another document
    uiConfig: { docExpansion: 'list', persistAuthorization: false, layout: 'BaseLayout' },
  })
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, (_, reply) =>
    kept.send(reply, '/docs/json'),
  )
}

/** Nothing from elsewhere, and no upgrade to https: by a name inside a network the page is read over http too. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // swagger-ui styles some of its elements in place
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const problemFor = (error: KillswitchError): object =>
  problemOf(error, '937cc367-8632-440c-8fc5-4270935c289d')

/** What a refusal and a failure look like. */
const PROBLEMS: Record<string, object> = {
  '4XX': problemFor(
    new KillswitchError(
      'forbidden',
      'ana has role operator and may not restore ai_v1: that takes engineer or higher.',
      {
        role: 'operator',
        needed: 'engineer',
        wayOut: [
          byCall(
            { method: 'POST', path: '/v1/flags/restore', body: { flag: 'ai_v1', undo: true } },
            'takes back your own kill within 5 minutes',
          ),
        ],
      },
    ),
  ),
  '5XX': problemFor(
    new KillswitchError('store-unavailable', 'The store does not answer. Nothing was done.', {
      cause: 'timeout',
      wayOut: [by('Try again when it is back.')],
    }),
  ),
}

const PROBLEM = {
  description: 'A problem, with its way out',
  content: { 'application/problem+json': { schema: ref(Problem) } },
}
const OFREP_FAILURE = {
  description: "A failure, in OFREP's shape",
  content: { 'application/json': { schema: ref(EvaluationFailure) } },
}

type Config = { access?: string; flips?: string } | undefined

/** Every route may answer a problem; a public one needs no token. */
function describe(schema: unknown, config: Config, problem: object) {
  const known = schema as { response?: Record<string, unknown>; security?: unknown } | undefined
  const response = {
    ...known?.response,
    '4xx': problem,
    '5xx': known?.response?.['503'] ? undefined : problem,
  }
  return {
    ...known,
    response: Object.fromEntries(Object.entries(response).filter(([, value]) => value !== undefined)),
    ...(config?.access === 'public' ? { security: known?.security ?? [] } : {}),
  } as never
}

type Content = Record<string, { schema?: { $ref?: string }; example?: unknown }>
type Operation = {
  operationId?: string
  parameters?: object[]
  requestBody?: { required?: boolean; content?: Content }
  responses?: Record<string, { description?: string; content?: Content }>
}
type Schemas = Record<string, { examples?: unknown[] }>
type Document = { paths?: Record<string, Record<string, Operation>>; components?: { schemas?: Schemas } }

/** What the routes' schemas do not say: headers, examples of answers, and bodies that may be left out. */
function completed(document: Document): Document {
  for (const operation of Object.values(document.paths ?? {}).flatMap(each => Object.values(each))) {
    const names = headersOf(operation.operationId ?? '')
    if (names.length > 0)
      operation.parameters = [...(operation.parameters ?? []), ...names.map(name => HEADERS[name])]
    if (['killFlag', 'drillFlag'].includes(operation.operationId ?? '') && operation.requestBody)
      operation.requestBody.required = false
    addExample(operation)
    addBodyExample(operation, document.components?.schemas ?? {})
  }
  return document
}

const headersOf = (operationId: string): (keyof typeof HEADERS)[] =>
  ['restoreFlag', 'restoreNamedFlag'].includes(operationId)
    ? ['idempotency-key', 'if-match', 'killswitch-floor']
    : KEYED.includes(operationId)
      ? ['idempotency-key', 'killswitch-floor']
      : []

function addExample({ operationId = '', responses = {} }: Operation): void {
  for (const [status, problem] of Object.entries(PROBLEMS)) {
    const content = responses[status]?.content?.['application/problem+json']
    if (content) content.example = problem
  }
  const example = EXAMPLES[operationId]
  const answer = responses['200'] ?? responses['201'] ?? responses['202']
  if (answer?.description === 'Default Response') answer.description = 'The answer'
  const [first] = Object.values(answer?.content ?? {})
  if (first && example !== undefined) first.example = example
}

/** That of its shape: some readers of the document do not look there. */
function addBodyExample({ requestBody }: Operation, schemas: Schemas): void {
  for (const media of Object.values(requestBody?.content ?? {})) {
    const [example] = schemas[media.schema?.$ref?.split('/').at(-1) ?? '']?.examples ?? []
    if (example !== undefined) media.example = example
  }
}
