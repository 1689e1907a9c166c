// Every example in the OpenAPI document fits its schema, and has no member that the schema does not name; so do the answers
// and events that the other tests see (test/support/answers.ts), which is tried here on one of each.

import assert from 'node:assert/strict'
import Fastify from 'fastify'
import t from 'tap'
import { SHAPES } from '../../src/http/plumbing/shapes.js'
import { ref } from '../../src/wire/members.js'
import { seen, unfit } from '../support/answers.js'
import { aServer } from '../support/server.js'
import { closed, faultsIn, strictAjv } from '../support/shapes.js'
import { openSse } from '../support/sse.js'
import { wholeFile } from '../support/whole-file.js'

type Media = { schema: object; example?: unknown; examples?: Record<string, { value: unknown }> }
type Content = Record<string, Media>
type Operation = {
  operationId: string
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}

const server = aServer(wholeFile)
const document = server.then(({ ask }) => ask(undefined, 'GET', '/openapi.json')).then(({ body }) => body)

const examplesOf = ({ example, examples = {} }: Media): unknown[] => [
  ...(example === undefined ? [] : [example]),
  ...Object.values(examples).map(each => each.value),
]

t.test('the OpenAPI document', async t => {
  t.test('has examples that fit their schemas, and name nothing else', async () => {
    const { paths, components } = await document
    const $defs = closed(components.schemas)
    let tried = 0
    for (const operation of Object.values<Record<string, Operation>>(paths).flatMap(
      Object.values<Operation>,
    )) {
      const { operationId, requestBody, responses } = operation
      for (const content of [requestBody?.content, ...Object.values(responses).map(each => each.content)])
        for (const media of Object.values(content ?? {}))
          for (const example of examplesOf(media)) {
            const schema = { $defs, ...(closed(media.schema) as object) }
            const local = JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/'))
            assert.deepEqual(faultsIn(strictAjv().compile(local), example), [], operationId)
            tried++
          }
    }
    assert.ok(tried > 80, `${tried} examples`)
  })

  t.test('says every shape of an answer once, by name', async () => {
    const { paths, components } = await document
    for (const { $id } of SHAPES) assert.ok($id in components.schemas, `${$id} is a named schema`)
    for (const { operationId, responses } of Object.values<Record<string, Operation>>(paths).flatMap(
      Object.values<Operation>,
    ))
      for (const [status, { content = {} }] of Object.entries(responses))
        for (const [type, { schema }] of Object.entries(content))
          if (type.includes('json') && !type.includes('ndjson'))
            assert.ok('$ref' in schema, `${operationId} answers ${status} with a shape of its own`)
  })
})

t.test('the watch on answers', async t => {
  t.test('sees what the service sends', async () => {
    const { ask, app, tokens } = await server
    const before = { ...seen }
    await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason: 'a test' } })
    await ask('viewer', 'GET', '/v1/flags/ai_v2')
    assert.equal(seen.answers, before.answers + 2)
    const { port } = app.server.address() as { port: number }
    const stream = await openSse(`http://127.0.0.1:${port}/v1/stream`, {
      authorization: `Bearer ${tokens.sdk}`,
    })
    await stream.nextData()
    stream.close()
    assert.ok(seen.events > before.events)
    assert.deepEqual([...unfit().keys()], [])
  })

  t.test('finds a member that no shape names, one that is missing, and one of another type', async () => {
    const live = SHAPES.find(({ $id }) => $id === 'Live') as (typeof SHAPES)[number]
    const app = Fastify()
    app.addSchema(live)
    app.setSerializerCompiler(() => JSON.stringify)
    const schema = { response: { 200: ref(live) } }
    app.get('/more', { schema }, async () => ({ status: 'live', more: 1 }))
    app.get('/less', { schema }, async () => ({}))
    app.get('/else', { schema }, async () => ({ status: 1 }))
    for (const path of ['/more', '/less', '/else']) await app.inject(path)
    const found = ['GET /more 200', 'GET /less 200', 'GET /else 200'].map(where => unfit().get(where) ?? '')
    // they were made to be found
    ;(unfit() as Map<string, string>).clear()
    assert.match(found[0] as string, /"additionalProperty":"more"/)
    assert.match(found[1] as string, /required property 'status'/)
    assert.match(found[2] as string, /\/status must be/)
  })
})
