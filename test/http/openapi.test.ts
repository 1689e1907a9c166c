// The OpenAPI document: valid, whole, with examples that are what the service answers, and good for a generator.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { generate } from 'openapi-typescript-codegen'
import t from 'tap'
import { askForExamples, keyFile, witnesses } from '../support/examples.js'
import { aServer, ROOT } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { wholeFile } from '../support/whole-file.js'

type Content = Record<string, { schema: object; example?: unknown; examples?: object }>
type Operation = {
  operationId: string
  summary?: string
  security?: unknown[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}

let now = Date.parse('2026-11-20T03:00:00.000Z')
const logKeyFile = keyFile(testdir(wholeFile))
const server = aServer(wholeFile, { environment: 'production', witnesses, logKeyFile, clock: () => now })
const document = server.then(({ ask }) => ask(undefined, 'GET', '/openapi.json')).then(({ body }) => body)
const operations = document.then(({ paths }) =>
  Object.values<Record<string, Operation>>(paths).flatMap(path => Object.values(path)),
)
const success = ({ responses }: Operation) => responses['200'] ?? responses['201'] ?? responses['202']

/** A value without its values: the names of its members and what kind each is; of a list, its first. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]))
}

t.test('/openapi.json', async t => {
  t.test('is a valid OpenAPI 3.1 document', async () => {
    const validator = new Validator()
    const found = await validator.validate(await document)
    assert.deepEqual([found.valid, found.valid ? '' : found.errors, validator.version], [true, '', '3.1'])
  })

  t.test('names, describes and exemplifies every operation, and says how it fails', async () => {
    const ids = (await operations).map(({ operationId }) => operationId)
    assert.equal(new Set(ids).size, ids.length)
    for (const operation of await operations) {
      const { operationId, summary, requestBody, responses } = operation
      assert.ok(operationId && summary, JSON.stringify(operation).slice(0, 200))
      assert.ok(
        responses['4XX'] && (responses['5XX'] ?? responses['503']),
        `${operationId} says how it fails`,
      )
      for (const media of Object.values(requestBody?.content ?? {}))
        assert.ok(media.example ?? media.examples, `${operationId} has an example of its body`)
      const problem = responses['4XX']?.content?.['application/problem+json']
      if (problem) assert.equal((problem.example as { code: string }).code, 'forbidden', operationId)
      const [media] = Object.values(success(operation)?.content ?? {})
      assert.ok(media?.example !== undefined, `${operationId} has an example of its answer`)
    }
  })

  t.test('has examples that are what the service answers', async () => {
    const answered = await askForExamples(await server, (ms = 47_000) => {
      now += ms
    })
    if (process.env.UPDATE_EXAMPLES) {
      writeFileSync(join(ROOT, 'src/http/plumbing/examples.json'), `${JSON.stringify(answered, null, 2)}\n`)
      return
    }
    for (const operation of await operations) {
      const { operationId } = operation
      const [media] = Object.values(success(operation)?.content ?? {})
      const cure = `${operationId}: the example is not what is answered; UPDATE_EXAMPLES=1 npm test -- openapi`
      assert.deepEqual(shapeOf(media?.example), shapeOf(answered[operationId]), cure)
    }
  })

  t.test('gives a generator a client that compiles', async t => {
    const output = testdir(t)
    await generate({ input: await document, output, clientName: 'Killswitch', httpClient: 'fetch' as never })
    const tsc = createRequire(import.meta.url)
      .resolve('typescript/package.json')
      .replace(/package\.json$/, 'bin/tsc')
    const options =
      '--ignoreConfig --strict --target es2023 --module esnext --moduleResolution bundler --lib es2023,dom --types'.split(
        ' ',
      )
    const ran = spawnSync(process.execPath, [tsc, ...options, '', '--noEmit', join(output, 'index.ts')], {
      encoding: 'utf8',
    })
    assert.equal(ran.status, 0, ran.stdout + ran.stderr)
  })
})

t.test('/docs', async t => {
  t.test('is a page that shows the document', async () => {
    const { ask } = await server
    const page = await ask(undefined, 'GET', '/docs')
    assert.equal(page.status, 200)
    assert.match(page.text, /swagger-ui/)
    assert.equal((await ask(undefined, 'GET', '/docs/json')).body.openapi, '3.1.0')
  })

  t.test('loads nothing from elsewhere, over http too', async () => {
    const { ask } = await server
    const policy = String((await ask(undefined, 'GET', '/docs/')).headers['content-security-policy'])
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /https:|swagger\.io|upgrade-insecure-requests/)
  })
})
