// Flags by every key there may be, named in the path or in the body: each act meets the flag that was named, and a key
// that is nearly one meets none.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FlagdCore } from '@openfeature/flagd-core'
import fc from 'fast-check'
import t from 'tap'
import type { Role } from '../../src/wire/words.js'
import { aKey, flagsDirOf, keysOfOne, ODD_KEYS } from '../support/keys.js'
import { type Answer, aServer, type TestServer } from '../support/server.js'
import { wholeFile } from '../support/whole-file.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** No two alike but for case: the odd ones, and sixty of the whole alphabet. */
const [sampled = []] = fc.sample(keysOfOne(60), { numRuns: 1, seed: SEED })
const KEYS = [...new Map([...ODD_KEYS, ...sampled].map(key => [key.toLowerCase(), key])).values()]

let now = Date.parse('2026-11-20T03:00:00.000Z')
const shop = aServer(wholeFile, { flagsDir: flagsDirOf(wholeFile, KEYS), clock: () => now })

type Way = 'path' | 'body'
type Verb = 'kill' | 'restore' | 'drill'
const aWay = fc.constantFrom<Way>('path', 'body')

function act(
  { ask }: TestServer,
  way: Way,
  verb: Verb,
  key: string,
  body: object,
  headers = {},
  role: Role = verb === 'kill' ? 'operator' : 'engineer',
) {
  const asked = way === 'path' ? { body, headers } : { body: { flag: key, ...body }, headers }
  const path = way === 'path' ? `/v1/flags/${encodeURIComponent(key)}/${verb}` : `/v1/flags/${verb}`
  return ask(role, 'POST', path, asked)
}

async function look({ ask }: TestServer, way: Way, key: string): Promise<Answer> {
  const named = encodeURIComponent(key)
  if (way === 'path') return ask('viewer', 'GET', `/v1/flags/${named}`)
  const answer = await ask('viewer', 'GET', `/v1/flags?flag=${named}`)
  return answer.status === 200 ? { ...answer, body: answer.body.flags[0] } : answer
}

const evaluate = ({ ask }: TestServer, key: string) =>
  ask('sdk', 'POST', `/ofrep/v1/evaluate/flags/${encodeURIComponent(key)}`, { body: {} })

/** What each flag is at, by key. */
const killedIn = ({ parts }: TestServer): string[] =>
  [...parts.log.state.flags].filter(([, { holds }]) => holds.length > 0).map(([key]) => key)

t.test(`a flag of any key (KILLSWITCH_TEST_SEED=${SEED})`, async t => {
  t.test(
    'is killed, shown, evaluated, drilled, undone and restored by its key alone, however it is named',
    async () => {
      const server = await shop
      let incident = 0
      const walk = async (key: string, ways: Way[]) => {
        const [first = 'path', second = 'path', third = 'path', fourth = 'path'] = ways
        const papers = { incident: `INC-${++incident}`, reason: 'why' }
        const kill = await act(server, first, 'kill', key, papers)
        assert.deepEqual([kill.status, kill.body.flag, kill.body.killed], [200, key, true], kill.text)
        assert.deepEqual(killedIn(server), [key])
        const seen = await look(server, second, key)
        assert.deepEqual([seen.body.key, seen.body.killed, seen.body.holds.length], [key, true, 1])
        assert.equal(seen.headers.etag, `"${kill.body.id}"`)
        const { body: answer } = await evaluate(server, key)
        assert.deepEqual([answer.key, answer.value, answer.metadata.killed], [key, false, true])
        const drill = await act(server, third, 'drill', key, {})
        assert.deepEqual([drill.status, drill.body.flag], [200, key])

        const ifMatch = { 'if-match': String(seen.headers.etag) }
        const restore = await act(server, fourth, 'restore', key, papers, ifMatch)
        assert.deepEqual([restore.status, restore.body.killed], [200, false], restore.text)
        assert.deepEqual(killedIn(server), [])
        assert.equal((await evaluate(server, key)).body.value, true)

        const again = { 'idempotency-key': `again-${incident}` }
        const one = await act(server, 'path', 'kill', key, { reason: 'slip' }, again)
        const two = await act(server, 'body', 'kill', key, { reason: 'slip' }, again)
        assert.deepEqual([one.body.replayed, two.body.replayed, two.body.id], [false, true, one.body.id])
        const undo = { undo: true }
        const { status, body } = await act(server, second, 'restore', key, undo, {}, 'operator')
        assert.deepEqual([status, body.killed, killedIn(server)], [200, false, []])

        const story = await server.ask('viewer', 'GET', `/v1/audit?flag=${encodeURIComponent(key)}&limit=500`)
        for (const entry of story.body.entries) assert.equal(entry.flag, key)
        const actions = story.body.entries.slice(0, 5).map((entry: { action: string }) => entry.action)
        assert.deepEqual(actions, ['restore', 'kill', 'restore', 'drill', 'kill'])
      }
      for (const key of ODD_KEYS) {
        await walk(key, ['path', 'path', 'path', 'path'])
        await walk(key, ['body', 'body', 'body', 'body'])
      }
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...KEYS), fc.array(aWay, { minLength: 4, maxLength: 4 }), walk),
        { seed: SEED, numRuns: 80, endOnFailure: true },
      )
      assert.equal((await server.ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
    },
  )

  t.test('is in everything that apps read, and in the table, as it stands', async () => {
    const server = await shop
    const { ask } = server
    await act(server, 'body', 'kill', 'payments/card:v2', { incident: 'INC-A', reason: 'why' })
    await act(server, 'body', 'kill', 'constructor', { incident: 'INC-A', reason: 'why' })
    const killed = ['constructor', 'payments/card:v2']
    const snapshot = (await ask('sdk', 'GET', '/v1/snapshot')).body
    const flagd = await ask('sdk', 'GET', '/flagd/flags.json')
    const bulk = (await ask('sdk', 'POST', '/ofrep/v1/evaluate/flags', { body: {} })).body
    const sorted = [...KEYS].sort()
    assert.deepEqual(Object.keys(snapshot.flags).sort(), sorted)
    assert.deepEqual(Object.keys(flagd.body.flags).sort(), sorted)
    assert.deepEqual(bulk.flags.map(({ key }: { key: string }) => key).sort(), sorted)
    const core = new FlagdCore()
    core.setConfigurations(flagd.text)
    for (const key of KEYS) {
      const isKilled = killed.includes(key)
      const held = Object.hasOwn(snapshot.flags, key) && snapshot.flags[key].held !== undefined
      const { value, errorCode } = core.resolveBooleanEvaluation(key, isKilled, { plan: 'pro' })
      const one = bulk.flags.find((flag: { key: string }) => flag.key === key)
      assert.deepEqual([held, value, errorCode, one.value], [isKilled, !isKilled, undefined, !isKilled], key)
    }
    const csv = await ask('viewer', 'GET', '/v1/audit?incident=INC-A', { headers: { accept: 'text/csv' } })
    assert.match(csv.text, /,payments\/card:v2,[^,\n]* -> off,INC-A,/)
    const tidy = await ask('viewer', 'GET', '/v1/housekeeping')
    assert.deepEqual(tidy.body.unattended.map((each: { flag: string }) => each.flag).sort(), killed)
    const list = await ask('viewer', 'GET', '/v1/flags?killed=true')
    assert.deepEqual(list.body.flags.map(({ key }: { key: string }) => key).sort(), killed)
    for (const key of killed) await act(server, 'body', 'restore', key, { all: true, reason: 'well' })
  })

  t.test('is another one than any that is near: nothing is taken for it', async () => {
    const server = await shop
    const before = server.parts.log.state.revision
    await fc.assert(
      fc.asyncProperty(aKey, aWay, async (key, way) => {
        fc.pre(!KEYS.includes(key))
        now += 60_000
        assert.equal((await act(server, way, 'kill', key, {})).body.code, 'unknown-flag')
        assert.equal((await look(server, way, key)).body.code, 'unknown-flag')
        assert.equal((await evaluate(server, key)).body.errorCode, 'FLAG_NOT_FOUND')
      }),
      { seed: SEED, numRuns: 60 },
    )
    assert.deepEqual([killedIn(server), server.parts.log.state.revision], [[], before])
  })
})

t.test('a key that is nearly one', async t => {
  t.test('is refused wherever it is given, with the one that may have been meant', async t => {
    const flagsDir = flagsDirOf(t, ['enableCheckout', 'payments/card', 'toString'])
    const server = await aServer(t, { flagsDir, clock: () => (now += 60_000) })
    const { ask } = server
    await ask('operator', 'POST', '/v1/flags/enableCheckout/kill', {
      body: { incident: 'INC-1', reason: 'r' },
    })
    const { revision } = server.parts.log.state
    for (const key of ['enable_checkout', 'EnableCheckout', 'enable-checkout', 'ENABLE/CHECKOUT']) {
      const path = encodeURIComponent(key)
      const refused = [
        ask('viewer', 'GET', `/v1/flags/${path}`),
        ask('viewer', 'GET', `/v1/flags?flag=${path}`),
        ask('viewer', 'GET', `/v1/steps?flag=${path}`),
        ask('viewer', 'GET', `/v1/audit?flag=${path}`),
        ask('viewer', 'GET', `/v1/audit?flag=enableCheckout&flag=${path}`, {
          headers: { accept: 'text/csv' },
        }),
      ]
      for (const { status, body } of await Promise.all(refused)) {
        assert.deepEqual([status, body.code, body.near], [404, 'unknown-flag', ['enableCheckout']], key)
        assert.match(body.detail, /Did you mean enableCheckout\?/)
      }
      for (const way of ['path', 'body'] as const)
        for (const verb of ['kill', 'restore', 'drill'] as const) {
          const body = verb === 'restore' ? { all: true, reason: 'r' } : {}
          const answer = await act(server, way, verb, key, body)
          assert.deepEqual([answer.status, answer.body.near], [404, ['enableCheckout']], `${verb} ${key}`)
        }
      const { body } = await evaluate(server, key)
      assert.deepEqual([body.key, body.errorCode], [key, 'FLAG_NOT_FOUND'])
      assert.match(body.errorDetails, /Did you mean enableCheckout\?/)
      const story = await ask('viewer', 'GET', `/v1/audit?flag=${path}`)
      assert.equal(story.body.entries.length, 6, 'the refusals are entries under the key that was given')
    }
    assert.deepEqual([killedIn(server), server.parts.log.state.revision], [['enableCheckout'], revision])
  })

  t.test('is refused by an incident that should adopt, and is a warning of a declaration', async t => {
    const flagsDir = flagsDirOf(t, ['enableCheckout'])
    mkdirSync(join(flagsDir, 'runbooks'))
    writeFileSync(
      join(flagsDir, 'runbooks', 'shop.md'),
      '# Shop\n\n## Severity Levels\n\n- **SEV1**: all down\n',
    )
    const { ask } = await aServer(t, { flagsDir })
    const declared = await ask('operator', 'POST', '/v1/incidents', {
      body: { id: 'INC-1', title: 'T', runbook: 'shop', severity: 'SEV1', adopt: ['enable_checkout'] },
    })
    assert.deepEqual(declared.body.warnings[0].near, ['enableCheckout'])
    const adopt = { body: { adopt: ['EnableCheckout'] } }
    const adopted = await ask('operator', 'POST', '/v1/incidents/INC-1/adopt', adopt)
    assert.deepEqual([adopted.status, adopted.body.near], [404, ['enableCheckout']])
    const leave = { leave: [{ flag: 'enable.checkout', owner: 'Shop', until: '2099-01-01' }] }
    const left = await ask('engineer', 'POST', '/v1/incidents/INC-1/resolve', { body: leave })
    assert.deepEqual([left.body.flag, left.body.near], ['enable.checkout', ['enableCheckout']])
    assert.match(left.body.detail, /Did you mean enableCheckout\? Leave that one out of "leave"\./)
  })

  t.test('that nothing is near has no entries, as before', async () => {
    const { ask } = await shop
    const { status, body } = await ask('viewer', 'GET', '/v1/audit?flag=nobody-knows-this')
    assert.deepEqual([status, body.entries], [200, []])
  })
})

t.test('a key in the body', async t => {
  t.test('has to be there, and a refusal of the body is an entry under it', async () => {
    const { ask } = await shop
    now += 60_000
    const none = await ask('operator', 'POST', '/v1/flags/kill', {})
    assert.deepEqual([none.status, /must have "flag"/.test(none.body.detail)], [400, true])
    const odd = { flag: 'payments/card:v2', variant: 'on' }
    assert.equal((await ask('operator', 'POST', '/v1/flags/kill', { body: odd })).status, 400)
    const refused = await ask('viewer', 'POST', '/v1/flags/kill', { body: { flag: 'payments/card:v2' } })
    assert.equal(refused.status, 403)
    const { body } = await ask('viewer', 'GET', '/v1/audit?flag=payments%2Fcard:v2&limit=2')
    assert.deepEqual(
      body.entries.map(({ action, outcome }: { action: string; outcome: string }) => [action, outcome]),
      [
        ['kill', 'refused'],
        ['kill', 'refused'],
      ],
    )
    const strange = await ask('operator', 'POST', '/v1/flags/kill/kill', { body: { flag: 'A' } })
    assert.equal(strange.status, 400, 'where the path has a key the body has none')
  })

  t.test('is what a path with a raw slash is told to use; OFREP takes the slash as it comes', async () => {
    const { ask } = await shop
    const cut = await ask('operator', 'POST', '/v1/flags/payments/card:v2/kill', { body: {} })
    assert.deepEqual([cut.status, cut.body.code], [404, 'unknown-route'])
    assert.match(cut.body.detail, /POST \/v1\/flags\/kill \{"flag"/)
    const raw = await ask('sdk', 'POST', '/ofrep/v1/evaluate/flags/payments/card:v2', { body: {} })
    assert.deepEqual([raw.status, raw.body.key, raw.body.value], [200, 'payments/card:v2', true])
    for (const key of KEYS.filter(each => !/\/\.\.?(\/|$)/.test(each))) {
      const { body } = await ask('sdk', 'POST', `/ofrep/v1/evaluate/flags/${key}`, { body: {} })
      assert.equal(body.key, key)
    }
    const slash = await ask('sdk', 'POST', '/ofrep/v1/evaluate/flags/enableCheckout/', { body: {} })
    assert.equal(slash.body.key, 'enableCheckout', 'a slash too much in the path, as before')
    const unknown = await ask('sdk', 'POST', '/ofrep/v1/evaluate/flags/payments/none', { body: {} })
    assert.deepEqual([unknown.status, unknown.body.key], [404, 'payments/none'])
  })
})
