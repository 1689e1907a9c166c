import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchError } from '../../../../src/domain/errors.js'
import { keysOf } from '../../../../src/log/stores/redis/keys.js'
import { describeTarget, parseTarget } from '../../../../src/log/stores/redis/target.js'

const single = { kind: 'single', tls: false, db: 0 }

t.test('reads every form', async () => {
  const cases: Record<string, unknown> = {
    'redis://localhost': { ...single, nodes: [{ host: 'localhost', port: 6379 }] },
    'redis://:p%40ss@10.0.0.1:7000/3': {
      ...single,
      nodes: [{ host: '10.0.0.1', port: 7000 }],
      password: 'p@ss',
      db: 3,
    },
    'rediss://user:pass@[::1]:6380/': {
      ...single,
      tls: true,
      nodes: [{ host: '::1', port: 6380 }],
      username: 'user',
      password: 'pass',
    },
    'redis+sentinel://user:pass@a:1,b/main?db=2&sentinelPassword=other': {
      kind: 'sentinel',
      tls: false,
      nodes: [
        { host: 'a', port: 1 },
        { host: 'b', port: 26379 },
      ],
      username: 'user',
      password: 'pass',
      master: 'main',
      db: 2,
      sentinelPassword: 'other',
    },
    'rediss+cluster://a:1,b:2': {
      kind: 'cluster',
      tls: true,
      nodes: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      db: 0,
    },
  }
  for (const [url, target] of Object.entries(cases)) assert.deepEqual(parseTarget(url), target, url)
})

t.test('names a target without user and password', async () => {
  const names: Record<string, string> = {
    'redis://user:hunter2@localhost/1': 'redis://localhost:6379/1',
    'rediss://:hunter2@[::1]': 'rediss://[::1]:6379',
    'redis+sentinel://u:hunter2@a,b:2/main?sentinelPassword=hunter2': 'redis+sentinel://a:26379,b:2/main',
    'redis+cluster://u:hunter2@a:1,b:2': 'redis+cluster://a:1,b:2',
  }
  for (const [url, name] of Object.entries(names)) assert.equal(describeTarget(parseTarget(url)), name)
})

t.test('refuses what it does not understand, with the accepted forms and never with the string', async () => {
  const cases: Record<string, RegExp> = {
    'http://user:hunter2@host': /not of any known form/,
    'user:hunter2@host': /not of any known form/,
    'redis://user:hunter2@': /host is missing/,
    'redis://u:hunter2@host:0': /port 0 of host/,
    'redis://u:hunter2@host:70000': /port 70000/,
    'redis://u:hunter2@host:12x': /host is missing or is not/,
    'redis://u:hunter2@a,b': /2 hosts/,
    'redis://hunter2@host': /without a password/,
    'redis://u:hunter2%@host': /password is not properly percent-encoded/,
    'redis://u:hunter2@host/x': /database is not a number/,
    'redis://u:hunter2@host?timeout=1': /"timeout" is not a parameter/,
    'redis+sentinel://u:hunter2@a,b': /name of the master is missing/,
    'redis+cluster://u:hunter2@a/1': /no databases/,
    'redis+cluster://u:hunter2@a,': /host is missing/,
  }
  for (const [url, pattern] of Object.entries(cases)) {
    assert.throws(
      () => parseTarget(url),
      (error: unknown) => {
        assert.ok(error instanceof KillswitchError && error.code === 'configuration', url)
        assert.match(error.message, pattern)
        assert.match(error.message, /Accepted: redis:\/\//)
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      },
    )
  }
})

t.test('refuses an environment that would break out of the hash tag', async () => {
  assert.equal(keysOf('production').log, 'killswitch:{production}:log')
  for (const name of ['', 'a}b', 'a b', '-a', 'a'.repeat(65)])
    assert.throws(() => keysOf(name), KillswitchError)
})
