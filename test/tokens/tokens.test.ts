import assert from 'node:assert/strict'
import t from 'tap'
import { stringify } from 'yaml'
import { KillswitchError } from '../../src/domain/errors.js'
import { newToken, sha256 } from '../../src/tokens/first-start.js'
import { Tokens } from '../../src/tokens/tokens.js'

const NOW = Date.parse('2026-11-20T03:00:00Z')
const parse = (list: unknown) =>
  Tokens.parse(typeof list === 'string' ? list : stringify(list), 'tokens.yaml')

t.test('tokens', async t => {
  t.test(
    'are known by their hash: two of one credential while it is rotated, none after it has expired',
    async () => {
      const [old, fresh] = [newToken('dana'), newToken('dana')]
      const expires = '2026-11-20T04:00:00Z'
      const tokens = parse([
        { id: 'dana', role: 'operator', sha256: [sha256(old), sha256(fresh).toUpperCase()], expires },
      ])
      for (const token of [old, fresh]) {
        const found = tokens.identify(token, NOW)
        assert.deepEqual(found.outcome === 'known' && found.actor, {
          id: 'dana',
          role: 'operator',
          via: 'api',
        })
      }
      assert.equal(tokens.identify(old, Date.parse(expires)).outcome, 'expired')
      assert.equal(tokens.identify(`${old}x`, NOW).outcome, 'unknown')
      assert.equal(tokens.identify('', NOW).outcome, 'unknown')
    },
  )

  t.test('are refused with every fault and its line', async () => {
    const hash = sha256('a')
    const bad: [string, unknown, RegExp][] = [
      ['not a list', { id: 'a' }, /not a list/],
      ['not YAML', 'a: [', /tokens\.yaml:1/],
      ['an alias', '- &a { id: a, role: owner, sha256: x }\n- *a\n', /alias/i],
      ['a role there is not', [{ id: 'a', role: 'root', sha256: hash }], /role "root"/],
      ['an id twice', [1, 2].map(n => ({ id: 'a', role: 'owner', sha256: sha256(String(n)) })), /twice/],
      [
        'one token under two names',
        ['a', 'b'].map(id => ({ id, role: 'owner', sha256: hash })),
        /4: sha256 .* twice/,
      ],
      ['a hash that is none', [{ id: 'a', role: 'owner', sha256: 'secret' }], /64 hex digits/],
      ['a time that is none', [{ id: 'a', role: 'owner', sha256: hash, expires: 'soon' }], /RFC 3339/],
      ['an unknown member', [{ id: 'a', role: 'owner', sha256: hash, admin: true }], /"admin"/],
    ]
    for (const [what, list, said] of bad)
      assert.throws(
        () => parse(list),
        (error: unknown) =>
          error instanceof KillswitchError && error.code === 'configuration' && said.test(error.message),
        what,
      )
  })
})
