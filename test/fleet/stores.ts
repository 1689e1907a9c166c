// Both stores, for tests that hold on either: a test is run once with each.

import type { Test } from 'tap'
import { startRedis, type TestRedis } from '../support/redis.js'
import { aServer, type Given, type TestServer } from '../support/server.js'

export type OnStore = {
  store: 'local' | 'redis'
  /** Starts the service; again on the same folder, with the tokens of the first. */
  server: (given?: Given) => Promise<TestServer>
  redis?: TestRedis
}

export const onBothStores = (t: Test, name: string, test: (on: OnStore) => Promise<void>): void => {
  t.test(`${name} (local store)`, t => test({ store: 'local', server: given => aServer(t, given) }))
  t.test(`${name} (Redis)`, async t => {
    const redis = await startRedis(t)
    await test({ store: 'redis', redis, server: given => aServer(t, { redisUrl: redis.url, ...given }) })
  })
}
