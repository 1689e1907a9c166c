import assert from 'node:assert/strict'
import t from 'tap'
import { parse } from 'yaml'
import { inertYaml } from '../../src/text/yaml.js'

t.test('YAML that leaves', async t => {
  t.test('is the document, for readers of either version', async () => {
    const odd = { off: 'off', yes: 'yes', at: '2026-11-30T19:06:47.732Z', n: '012', long: 'x y '.repeat(100) }
    const document = { odd, again: odd, list: [null, true, 2 ** 45, '', '- a: b', 'one\ntwo'] }
    for (const version of ['1.1', '1.2'] as const)
      assert.deepEqual(parse(inertYaml(JSON.stringify(document)), { version }), document)
  })

  t.test('has nothing that acts on a terminal', async () => {
    const text = inertYaml(JSON.stringify({ a: '\u001b]0;x\u0007', b: '\u202eevil', '\u009b1m': '\u2066' }))
    assert.doesNotMatch(text, /[\u001b\u0007\u009b\u202e\u2066]/)
  })
})
