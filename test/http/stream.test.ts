// GET /v1/stream and its credential: asked once at the connect, and looked at for as long as the stream is open.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { anOpenFeatureServer } from '../support/openfeature.js'
import { openSse } from '../support/sse.js'

type Token = { id: string; apps?: string[]; expires?: string }

t.test('a stream of an app', async t => {
  t.test(
    'ends when its token is revoked, expires, or is for other applications; the others go on',
    async t => {
      let now = Date.parse('2026-11-20T03:00:00.000Z')
      const server = await anOpenFeatureServer(t, { clock: () => now })
      const { address, shop, tokens, tokensFile } = server
      const open = (token: string) => openSse(`${address}/v1/stream`, { authorization: `Bearer ${token}` })
      const change = async (edit: (list: Token[]) => Token[]) => {
        writeFileSync(tokensFile, stringify(edit(parse(readFileSync(tokensFile, 'utf8')) as Token[])))
        await server.reload()
      }
      const everybody = await open(tokens.sdk)
      t.after(() => everybody.close())

      const limited = await open(shop)
      const { held } = await limited.nextData()
      assert.deepEqual(held, {})
      await change(list => list.map(each => (each.id === 'shop-web' ? { ...each, apps: ['bank'] } : each)))
      await limited.ended()
      const moved = await open(shop)
      await change(list =>
        list.map(each => (each.id === 'shop-web' ? { ...each, expires: '2026-11-20T04:00:00Z' } : each)),
      )
      assert.equal((await moved.nextData()).catalogue, (await everybody.nextData()).catalogue)
      now += 3_600_000
      await moved.ended()
      await change(list => list.map(({ expires: _expires, ...each }) => each))
      const last = await open(shop)
      await change(list => list.filter(({ id }) => id !== 'shop-web'))
      await last.ended()
      assert.equal((await open(shop)).status, 401)

      await server.kill('shop.checkout')
      for (;;) {
        const { held } = (await everybody.nextData()) as { held?: object }
        if (held && 'shop.checkout' in held) break
      }
    },
  )
})
