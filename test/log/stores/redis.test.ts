import { RedisStore } from '../../../src/log/stores/redis/store.js'
import { startRedis } from '../../support/redis.js'
import { wholeFile } from '../../support/whole-file.js'
import { describeStore } from './contract.js'

const redis = await startRedis(wholeFile)
let serial = 0

describeStore('redis', async t => {
  const environment = `test-${++serial}`
  const [store, second] = [1, 2].map(() => new RedisStore({ url: redis.url, environment })) as [
    RedisStore,
    RedisStore,
  ]
  t.after(() => Promise.all([store.close(), second.close()]).then(() => {}))
  await Promise.all([store.whenReady(5000), second.whenReady(5000)])
  return { store, second, flags: () => redis.admin.hgetall(store.keys.flags) }
})
