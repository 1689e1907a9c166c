// Why Redis cannot be had, in its own words or those of the network: also where the client library never sees them. One
// line, of bounded length, with no password.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { generate } from 'selfsigned'
import t from 'tap'
import { KillswitchError } from '../../../../src/domain/errors.js'
import { explain } from '../../../../src/log/stores/redis/errors.js'
import { RedisStore } from '../../../../src/log/stores/redis/store.js'
import { hasOdd } from '../../../../src/text/characters.js'
import { freePort, startRedis, TestRedis } from '../../../support/redis.js'
import { type Teardown, testdir } from '../../../support/testdir.js'
import { until } from '../../../support/until.js'

const HEAD = { epoch: 0, seq: 0, hash: '0'.repeat(64) }

/** Resolves when the store says it; answers with the cause. */
async function says(t: Teardown, url: string, words: RegExp): Promise<string | undefined> {
  const store = new RedisStore({ url, environment: 'test' })
  t.after(() => store.close())
  let said = ''
  const cause = await until(
    () =>
      store.tryOut(HEAD).then(
        () => false,
        error => {
          said = (error as Error).message
          return words.test(said) && { cause: error instanceof KillswitchError ? error.data.cause : 'none' }
        },
      ),
    `it says ${words}`,
    20_000,
  ).catch(error => assert.fail(`${(error as Error).message}, and said: ${said}`))
  await store.close()
  return (cause as { cause: string }).cause
}

t.test('the words of Redis', async t => {
  t.test('of a password that is wanted, or wrong', async t => {
    const redis = await startRedis(t, { save: '', requirepass: 'right-one' })
    assert.equal(await says(t, redis.url, /wants a password.*NOAUTH Authentication required/), 'NOAUTH')
    const wrong = redis.url.replace('//', '//:wrong-one@')
    assert.equal(await says(t, wrong, /refuses the user name or password.*WRONGPASS invalid/), 'WRONGPASS')
  })

  t.test('of a user who may nothing', async t => {
    const redis = await startRedis(t, { save: '' })
    await redis.admin.call('ACL', 'SETUSER', 'poor', 'on', '>pw', '-@all')
    const url = redis.url.replace('//', '//poor:pw@')
    assert.equal(await says(t, url, /NOPERM this user has no permissions to run the 'eval/), 'NOPERM')
  })

  t.test('of too many clients, from the first connection on', async t => {
    const redis = await startRedis(t, { save: '' })
    await redis.admin.config('SET', 'maxclients', '1')
    for (const url of [
      redis.url,
      redis.url.replace('//', '//:pw@'),
      redis.url.replace('redis:', 'redis+cluster:'),
    ])
      assert.equal(await says(t, url, /max number of clients reached/), 'max-clients', url)
  })

  t.test('of something else under a key', async t => {
    const redis = await startRedis(t, { save: '' })
    await redis.admin.set('killswitch:{test}:log', 'x')
    assert.equal(await says(t, redis.url, /WRONGTYPE killswitch:\{test\}:log is a string/), 'WRONGTYPE')
  })

  t.test('of one that loads its data from disk', async t => {
    const redis = await startRedis(t, { save: '', 'loading-process-events-interval-bytes': '1024' })
    const fill = 'for i = 1, 5000 do redis.call("SET", "k" .. i, string.rep("x", 100)) end'
    await redis.admin.eval(fill, 0)
    await redis.admin.save()
    await redis.stop()
    // microseconds a key: it loads until it is told to hurry
    const started = redis.start({ 'key-load-delay': '2000' })
    assert.equal(await says(t, redis.url, /still loading its data.*LOADING Redis is loading/), 'LOADING')
    await redis.admin.config('SET', 'key-load-delay', '0')
    await started
  })

  t.test('of a replica without its master', async t => {
    const redis = await startRedis(t, { save: '', 'replica-serve-stale-data': 'no' })
    await redis.admin.replicaof('127.0.0.1', await freePort())
    assert.equal(await says(t, redis.url, /is a read-only replica.*READONLY/), 'READONLY')
    const { certain, detail } = await redis.admin
      .get('killswitch:{test}:log')
      .then(() => assert.fail(), explain)
    assert.deepEqual(
      [certain, /lost its master.*MASTERDOWN Link with MASTER is down/.test(detail)],
      [true, true],
    )
  })
})

t.test('the words of the network', async t => {
  t.test('of a name that is not known, and a port at which nobody listens', async t => {
    assert.equal(
      await says(t, 'redis://no-such-host.invalid', /ENOTFOUND no-such-host\.invalid/),
      'ENOTFOUND',
    )
    const nobody = `127.0.0.1:${await freePort()}`
    for (const form of ['redis://', 'redis+cluster://', 'redis+sentinel://'])
      assert.equal(
        await says(t, `${form}${nobody}${form.includes('sentinel') ? '/m' : ''}`, /connect ECONNREFUSED/),
        'ECONNREFUSED',
        form,
      )
  })

  t.test('of TLS', async t => {
    const plain = await startRedis(t, { save: '' })
    assert.equal(await says(t, plain.url.replace('redis:', 'rediss:'), /no TLS handshake in time/), 'tls')
    const [key, cert, port] = [join(testdir(t), 'k'), join(testdir(t), 'c'), await freePort()]
    const made = await generate([{ name: 'commonName', value: 'x' }])
    writeFileSync(key, made.private)
    writeFileSync(cert, made.cert)
    const tls = {
      'tls-port': String(port),
      'tls-cert-file': cert,
      'tls-key-file': key,
      'tls-auth-clients': 'no',
    }
    const secure = new TestRedis(await freePort(), { save: '', 'tls-ca-cert-file': cert, ...tls })
    t.after(() => secure.remove())
    await secure.start()
    assert.equal(await says(t, `rediss://127.0.0.1:${port}`, /self-signed certificate/), 'tls')
  })
})

t.test(
  'what a server says is shown as one bounded line, without control characters and passwords',
  async t => {
    const evil = '-ERR \u001b]0;x\u0007 secret-word redis://ana:hunter2@h/0 \u202e\u0085'
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.end(`${evil}${'y'.repeat(1000)}\r\n-ERR second line\r\n`)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => void server.close())
    const { port } = server.address() as { port: number }
    const store = new RedisStore({ url: `redis://:secret-word@127.0.0.1:${port}`, environment: 'test' })
    t.after(() => store.close())
    const said = await until(
      () =>
        store.ping().then(
          () => '',
          ({ message }: Error) => /It said/.test(message) && message,
        ),
      'it said something',
      20_000,
    )
    assert.doesNotMatch(said as string, /secret-word|hunter2|ana:|second line|[\p{Cc}\p{Cf}]/u)
    assert.ok((said as string).length < 600, said as string)

    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), words => {
        const { detail } = explain(Object.assign(new Error(`ERR ${words}`), { name: 'ReplyError' }))
        assert.ok(!hasOdd(detail) && !detail.includes('\n'), detail)
        assert.doesNotMatch(detail, /\/\/[^@/\s]*@/)
        assert.ok(detail.length <= 400)
      }),
      { numRuns: 300 },
    )
  },
)
