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
      ...['break-glass', 'Break-Glass', 'killswitch', 'trigger:disk'].map((id): [string, unknown, RegExp] => [
        `the id ${id}`,
        [{ id, role: 'owner', sha256: hash }],
        /1: id.*(is reserved|give 1 to 64)/,
      ]),
      [
        'apps of a person',
        [{ id: 'a', role: 'owner', sha256: hash, apps: ['x'] }],
        /apps limits .* role sdk alone/,
      ],
      [
        'a limit to what the role may not',
        [{ id: 'a', role: 'viewer', sha256: hash, only: 'kill' }],
        /viewer may not/,
      ],
      [
        'another limit',
        [{ id: 'a', role: 'owner', sha256: hash, only: 'read' }],
        /only: give one of kill, evaluate/,
      ],
      [
        "a person's token on a page",
        [{ id: 'a', role: 'owner', sha256: hash, only: 'evaluate' }],
        /of role sdk/,
      ],
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

  t.test(
    'of a file from before are taken at a start, but for what others act under, and what had no effect',
    async () => {
      const list = [
        { id: 'break-glass', role: 'owner', sha256: sha256('glass') },
        { id: 'killswitch', role: 'operator', sha256: sha256('service') },
        { id: 'ana', role: 'operator', sha256: sha256('ana'), apps: ['trustflow'] },
        { id: 'web', role: 'sdk', sha256: sha256('web'), apps: ['trustflow'], only: 'evaluate' },
      ]
      const { tokens, passedOver } = Tokens.parseAtStart(stringify(list), 'tokens.yaml')
      const known = (token: string) => {
        const found = tokens.identify(token, NOW)
        return found.outcome === 'known' ? found.actor : found.outcome
      }
      assert.deepEqual([known('glass'), known('service')], ['unknown', 'unknown'])
      assert.deepEqual(known('ana'), { id: 'ana', role: 'operator', via: 'api' })
      assert.deepEqual(known('web'), {
        id: 'web',
        role: 'sdk',
        via: 'api',
        apps: ['trustflow'],
        only: 'evaluate',
      })
      assert.deepEqual(
        passedOver.map(({ message }) => message.split(' ', 2).join(' ')),
        ['id "break-glass"', 'id "killswitch"', 'apps limits'],
      )
      assert.throws(
        () => Tokens.parse(stringify(list), 'tokens.yaml'),
        /break-glass.*\n.*killswitch.*\n.*apps/,
      )
    },
  )
})
