// Questions to a log whose files are damaged while the instance runs: what is whole is answered, and what is left out is said.

import assert from 'node:assert/strict'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { decideKill } from '../../../src/domain/flip/kill.js'
import { type Entry, placeOf } from '../../../src/domain/log/audit.js'
import { type OpenLog, openLog } from '../../../src/log/open-log.js'
import { DISK_DAMAGES } from '../../support/disk-damages.js'
import { aCatalogue, aFlag, anActor, killOf, loaded } from '../../support/domain.js'
import { startRedis } from '../../support/redis.js'
import { testdir } from '../../support/testdir.js'
import { wholeFile } from '../../support/whole-file.js'

const redis = await startRedis(wholeFile)
const FLAGS = Array.from({ length: 24 }, (_, index) => `flag.${index}`)
const signal = new AbortController().signal

async function aLog(t: Test, folder: string, redisUrl?: string): Promise<OpenLog> {
  const log = await openLog({
    folder,
    environment: 'asked',
    segmentBytes: 4_000,
    ...(redisUrl ? { redisUrl } : {}),
  })
  t.after(() => log.close())
  return log
}

async function fill({ submit }: OpenLog): Promise<void> {
  const draft = loaded(aCatalogue(...FLAGS.map(key => aFlag(key))))
  const ask = { priority: 'note' as const, actor: 'killswitch', key: 'load', digest: '' }
  await submit.entries({ ...ask, decide: () => ({ drafts: [draft] }) })
  for (const flag of FLAGS) {
    const kill = killOf(flag, { actor: anActor('operator'), request: { id: flag, key: flag, digest: flag } })
    const asked = { priority: 'kill' as const, actor: 'operator', key: flag, digest: flag, kill }
    await submit.entries({ ...asked, decide: state => decideKill(state, kill) })
  }
}

/** Every line that is found, by pages and as an export, and what is said of the rest. */
async function answers({ state: { find } }: OpenLog, filter: { flag?: string; since?: string } = {}) {
  const paged: string[] = []
  const said: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await find.query(filter, {
      order: 'newest',
      limit: 7,
      ...(cursor === undefined ? {} : { cursor }),
    })
    paged.unshift(...page.entries.map(({ line }) => line).reverse())
    if (page.unreadable !== undefined) said.push(page.unreadable)
    if (page.next === undefined) break
    cursor = page.next
  }
  const exported: string[] = []
  let saidAtEnd: string | undefined
  const stream = find.stream(filter, 'oldest', signal, each => {
    saidAtEnd = each
  })
  for await (const { line } of stream) exported.push(line)
  assert.deepEqual(exported, paged)
  assert.equal(saidAtEnd === undefined, said.length === 0)
  return { lines: exported, said: saidAtEnd ?? '' }
}

const isNamed = (said: string, place: number): boolean =>
  [...said.matchAll(/0-(\d+)(?: to 0-(\d+))?/g)].some(
    ([, from, to]) => place >= Number(from) && place <= Number(to ?? from),
  )

const PLACES = [0, 2, -1]

t.test('without a Redis, what is whole is answered, and the rest is named', async t => {
  const base = testdir(t)
  const first = await aLog(t, base)
  await fill(first)
  await first.close()
  for (const [index, { name, harm }] of DISK_DAMAGES.entries())
    for (const isIndexed of [true, false])
      t.test(`${name}${isIndexed ? '' : ', and the index is made of it'}`, async t => {
        const folder = testdir(t)
        cpSync(base, folder, { recursive: true, filter: file => !/lock/.test(file) })
        const log = await aLog(t, folder)
        const { lines: whole } = await answers(log)
        const names = readdirSync(join(folder, 'log')).sort()
        harm(join(folder, 'log', names.at(PLACES[index % 3]!) as string))
        if (!isIndexed) {
          // a start, where the index is gone as well
          await log.close()
          rmSync(join(folder, 'index'), { recursive: true })
        }
        const asked = isIndexed ? log : await aLog(t, folder)
        const { lines, said } = await answers(asked)
        const missing = whole.filter(line => !lines.includes(line)).map(line => JSON.parse(line) as Entry)
        assert.deepEqual(
          lines,
          lines.filter(line => whole.includes(line)),
          'nothing is answered that was not written',
        )
        for (const entry of missing) assert.ok(isNamed(said, placeOf(entry)), `${placeOf(entry)}: ${said}`)
        if (isIndexed) assert.equal(said === '', missing.length === 0)
        for (const entry of missing.filter(({ flag }) => flag !== undefined)) {
          await assert.rejects(asked.state.find.entry(placeOf(entry)), { code: 'journal-broken' })
          assert.notEqual((await answers(asked, { flag: entry.flag as string })).said, '')
        }
        const since = (JSON.parse(whole[12] as string) as Entry).at
        const { said: ofHours } = await answers(asked, { since })
        for (const entry of missing.filter(({ at }) => at >= since))
          assert.ok(isNamed(ofHours, placeOf(entry)))
        const found = await asked.state.find.verify(signal)
        if (missing.length > 0) assert.equal(found.ok, false)
        if (!found.ok) assert.match(found.file, /^\d{16}\.ndjson$|^log$/)
      })
})

t.test('with Redis the answer is whole: the disk is mended first', async t => {
  const log = await aLog(t, testdir(t), redis.url)
  log.start()
  await fill(log)
  const { lines: whole } = await answers(log)
  const folder = join(log.parts.journal.folder, 'log')
  for (const { name, harm } of DISK_DAMAGES)
    t.test(name, async () => {
      harm(join(folder, readdirSync(folder).sort()[2] as string))
      assert.deepEqual(await answers(log), { lines: whole, said: '' })
      assert.equal((await log.state.find.verify(signal)).ok, true)
    })
})
