// A process that holds this package twice: what one build made works with the other, and nothing else is taken for it.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { Killswitch, KillswitchProvider, killswitchGuard } from '../../sdk/src/index.js'
import { fakeKillswitch } from '../../sdk/src/testing.js'
import { ensureBuilt, root } from './built.js'

const options = { url: 'http://127.0.0.1:9', cacheFile: false as const }

t.test('three builds in one process share a kill switch, its errors, and the one made last', async () => {
  ensureBuilt()
  const dist = join(root, 'sdk/dist')
  const esm: typeof import('../../sdk/src/index.js') = await import(
    pathToFileURL(join(dist, 'index.mjs')).href
  )
  const cjs: typeof esm = createRequire(import.meta.url)(join(dist, 'index.cjs'))
  assert.notEqual(esm.Killswitch, cjs.Killswitch)
  const testing: { fakeKillswitch: typeof fakeKillswitch } = createRequire(import.meta.url)(
    join(dist, 'testing.cjs'),
  )
  for (const [make, others] of [
    [fakeKillswitch, [esm, cjs]],
    [testing.fakeKillswitch, [esm]],
  ] as const)
    for (const other of others) {
      const made = make({ ai_v1: true })
      const provider = new other.KillswitchProvider(made.killswitch)
      assert.equal(provider.killswitch, made.killswitch)
      const signal: AbortSignal = made.killswitch.signal('ai_v1')
      const guard = other.killswitchMiddleware('ai_v1')
      made.kill('ai_v1')
      assert.equal((await provider.resolveBooleanEvaluation('ai_v1', true, {})).value, false)
      assert.ok(signal.reason instanceof other.KilledError)
      let status: number | undefined
      const response = { writeHead: (given: number) => ({ end: () => (status = given) }) }
      guard({ method: 'GET' }, response as never, () => assert.fail('passed'))
      assert.equal(status, 503)
      // whoever was given it does not close it
      await provider.onClose()
      assert.equal(made.killswitch.state.status, 'ready')
    }
  assert.ok(!(new Error('other') instanceof cjs.KilledError))
})

t.test('what is neither options nor a kill switch is refused, and the way out is said', async () => {
  const killswitch = new Killswitch(options)
  const before = { options, holding: {}, started: undefined }
  class Config {
    url = options.url
  }
  const cases: [unknown, RegExp][] = [
    [
      'http://127.0.0.1:9',
      /of the kind String, and neither options nor a kill switch.*\{ url, token, app \}/,
    ],
    [null, /is null, and neither/],
    [[options], /of the kind Array/],
    [Promise.resolve(killswitch), /of the kind Promise/],
    [new KillswitchProvider(killswitch), /of the kind KillswitchProvider/],
    [new Config(), /of the kind Config/],
    [{ killswitch }, /killswitch is no option; there are url, /],
    [before, /holding are no options/],
    [{ ...options, cachefile: 'x' }, /cachefile is no option/],
    [{ [Symbol.for('killswitch.killswitch')]: 99 }, /another version .*install one version/],
  ]
  for (const [given, message] of cases)
    assert.throws(() => new KillswitchProvider(given as never), { name: 'TypeError', message })
  assert.throws(() => new Killswitch(killswitch as never), {
    name: 'TypeError',
    message: /cannot be made of another/,
  })
  assert.throws(() => killswitchGuard('ai_v1', { killswitch: options as never }), TypeError)
  assert.equal(
    new KillswitchProvider({ ...options, logKey: undefined } as never).killswitch.isKilled('x'),
    false,
  )
  assert.ok(new KillswitchProvider(Object.assign(Object.create(null), options)))
})
