// What /readyz and the metrics say of a store that answers and takes no flip: what it said itself, on every instance, and
// that it is being put right only where it is.

import assert from 'node:assert/strict'
import t from 'tap'
import { ACL_COMMANDS } from '../../src/log/stores/redis/posture.js'
import { freePort, startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'
import { wholeFile } from '../support/whole-file.js'

const redis = await startRedis(wholeFile)
const may = [...ACL_COMMANDS.needed, ...ACL_COMMANDS.forPosture]
const rules = ['on', '>secret', '~killswitch:*', 'resetchannels', '-@all', ...may]
await redis.admin.call('ACL', 'SETUSER', 'older', ...rules)
const redisUrl = redis.url.replace('//', '//older:secret@')
const first = await aServer(wholeFile, { redisUrl })
const second = await aServer(wholeFile, { redisUrl, tokens: first.tokens })
const both = [first, second]

const OF_REDIS = ['history-lost', 'store-away', 'store-refuses', 'not-mended', 'dead-tail']
const ready = async ({ ask }: TestServer) => (await ask('viewer', 'GET', '/readyz')).body
const said = async (server: TestServer): Promise<string> => {
  const { degraded } = await ready(server)
  return degraded
    .filter(({ code }: { code: string }) => OF_REDIS.includes(code))
    .map(({ code, detail }: { code: string; detail: string }) => `${code}: ${detail}`)
    .join('\n')
}

async function bothSay(pattern: RegExp): Promise<void> {
  for (const server of both) await until(async () => pattern.test(await said(server)), `${pattern}`, 20_000)
}
const areWell = () => bothSay(/^$/)

t.test('a user without the right to write', async () => {
  await areWell()
  await redis.admin.call('ACL', 'SETUSER', 'older', '-xadd')
  await bothSay(/^store-refuses: .*NOPERM this user may not XADD.* kills are taken provisionally/)
  const metric = async () => (await second.ask('viewer', 'GET', '/metrics')).text
  assert.match(await metric(), /^killswitch_store_takes_commits\{[^}]*\} 0$/m)
  assert.match(await metric(), /^killswitch_store_up\{[^}]*\} 1$/m)
  await redis.admin.call('ACL', 'SETUSER', 'older', '+xadd')
  await areWell()
  assert.match(await metric(), /^killswitch_store_takes_commits\{[^}]*\} 1$/m)
})

t.test('fewer replicas than Redis is told to have, and a read-only replica', async () => {
  await redis.admin.config('SET', 'min-replicas-to-write', '1')
  await bothSay(/^store-refuses: .*NOREPLICAS/)
  await redis.admin.config('SET', 'min-replicas-to-write', '0')
  await redis.admin.replicaof('127.0.0.1', await freePort())
  await bothSay(/^store-refuses: .*READONLY/)
  await redis.admin.replicaof('NO', 'ONE')
  await areWell()
})

t.test('damage that may not be mended is not said to be put right', async () => {
  await redis.admin.xtrim('killswitch:{test}:log', 'MAXLEN', 0)
  await bothSay(/^history-lost: .*It could not be put right, and is tried again: .*NOPERM.*ACL SETUSER/)
  for (const server of both) assert.doesNotMatch(await said(server), /is being put right/)
  await redis.admin.call('ACL', 'SETUSER', 'older', ...ACL_COMMANDS.forMending)
  await areWell()
  await redis.admin.call('ACL', 'SETUSER', 'older', 'clearselectors')
  await redis.admin.set('killswitch:{test}:flags', 'x')
  await bothSay(/^store-refuses: .*WRONGTYPE.*could not be put right.*RENAME/)
  await redis.admin.call('ACL', 'SETUSER', 'older', ...ACL_COMMANDS.forMending)
  await areWell()
})

t.test('a password that Redis does not take any more', async () => {
  await redis.admin.call('ACL', 'SETUSER', 'older', 'resetpass', '>another')
  await redis.admin.call('CLIENT', 'KILL', 'USER', 'older')
  await bothSay(
    /^store-refuses: .*refuses the user name or password.*WRONGPASS invalid username-password pair/,
  )
  await redis.admin.call('ACL', 'SETUSER', 'older', '>secret')
  await areWell()
})

t.test('more connections than Redis takes', async () => {
  await redis.admin.config('SET', 'maxclients', '1')
  await redis.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await bothSay(/^store-refuses: .*ERR max number of clients reached/)
})

t.test('a stranger is told none of it', async () => {
  const { body, text } = await first.ask(undefined, 'GET', '/readyz')
  assert.ok(body.degraded.some(({ code }: { code: string }) => code === 'store-refuses'))
  assert.doesNotMatch(text, /detail|ERR |127\.0\.0\.1/)
})
