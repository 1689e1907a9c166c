// The log through its doors, as the services have it: what is submitted while the store is away is one kill until it is in
// the log, and what became of it is told at every moment.

import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { decideKill } from '../../../src/domain/flip/kill.js'
import { open } from '../../../src/domain/log/audit.js'
import { isKilled } from '../../../src/domain/state.js'
import { type OpenLog, openLog } from '../../../src/log/open-log.js'
import { LocalStore } from '../../../src/log/stores/local/store.js'
import type { Asked } from '../../../src/log/submit.js'
import { aCatalogue, aFlag, killOf, loaded } from '../../support/domain.js'
import { FaultyStore } from '../../support/faulty-store.js'
import { testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'

const FLAGS = ['ai_v1', 'kyc_v1']

async function aLog(t: Test, folder = testdir(t)): Promise<OpenLog & { store: FaultyStore }> {
  const log = await openLog({
    folder,
    environment: 'test',
    store: journal => new FaultyStore(new LocalStore(journal), 'redis'),
  })
  t.after(() => log.close())
  const draft = loaded(aCatalogue(...FLAGS.map(flag => aFlag(flag))))
  if (log.state.state.catalogue === undefined)
    await log.submit.entries({
      ...{ priority: 'note', actor: 'killswitch', key: 'load', digest: 'load' },
      decide: () => ({ drafts: [draft] }),
    })
  return { ...log, store: log.parts.store as FaultyStore }
}

function ask(key: string, flags: string[], incident?: string): Asked {
  const request = { id: key, key, digest: `kill ${flags.join()}` }
  const kill = killOf(flags[0] as string, {
    request,
    now: Date.now(),
    ...(flags.length > 1 ? { flags } : {}),
    ...(incident === undefined ? {} : { incident }),
  })
  const asked = { priority: 'kill' as const, actor: kill.actor.id, key, digest: request.digest, kill }
  return { ...asked, decide: state => decideKill(state, kill) }
}

const away = (store: FaultyStore, times = 1): void => {
  store.faults = Array.from({ length: times }, () => 'away' as const)
}

t.test('a kill while the store is away', async t => {
  for (const flags of [['ai_v1'], FLAGS])
    t.test(`of ${flags.join(' and ')} is the same kill before and after, with its warning once`, async t => {
      const { submit, state, store, start } = await aLog(t)
      away(store)
      const taken = await submit.entries(ask('k', flags, 'INC-9'))
      assert.deepEqual([taken.durability, taken.replayed], ['provisional', false])
      const told = taken.entries.map(({ action, flag, outcome, hold, warnings }) => ({
        ...{ action, flag, outcome, hold },
        warnings: warnings?.map(({ code }) => code),
      }))
      for (const { warnings } of told) assert.deepEqual(warnings, ['unknown-incident'])
      for (const flag of flags) {
        assert.ok(isKilled(state.known.flags.get(flag)!), 'in force')
        assert.ok(!isKilled(state.state.flags.get(flag)!), 'and not in the log yet')
      }
      assert.equal((await state.became('operator', 'k')).state, 'provisional')

      start()
      const became = await until(async () => {
        const found = await state.became('operator', 'k')
        return found.state === 'applied' && found
      }, 'it is in the log')
      assert.deepEqual(
        became.entries.map(({ action, flag, outcome, hold, warnings }) => ({
          ...{ action, flag, outcome, hold },
          warnings: warnings?.map(({ code }) => code),
        })),
        told,
      )
      assert.equal(state.provisional.length, 0)
    })

  t.test('is the same kill after a restart, and is not done again when it is sent again', async t => {
    const folder = testdir(t)
    const first = await aLog(t, folder)
    away(first.store)
    await first.submit.entries(ask('k', ['ai_v1']))
    await first.close()
    const { submit, state, store, start } = await aLog(t, folder)
    assert.ok(isKilled(state.known.flags.get('ai_v1')!), 'in force before anything else')
    away(store)
    const again = await submit.entries(ask('k', ['ai_v1']))
    assert.deepEqual([again.durability, again.replayed], ['provisional', true])
    start()
    await until(() => state.state.flags.get('ai_v1')?.holds.length === 1, 'it is in the log')
    const lines = []
    for await (const { line } of state.find.stream({ action: ['kill'] }, 'oldest')) lines.push(open(line))
    assert.equal(lines.length, 1)
  })

  t.test('refuses its key to another kill', async t => {
    const { submit, store } = await aLog(t)
    away(store, 2)
    await submit.entries(ask('k', ['ai_v1']))
    await assert.rejects(submit.entries(ask('k', ['kyc_v1'])), { code: 'key-reused' })
  })
})

t.test('what is no kill is refused while the store is away, and nothing of it is kept', async t => {
  const { submit, state, store } = await aLog(t)
  away(store)
  const { kill: _, ...restore } = ask('k', ['ai_v1'])
  await assert.rejects(submit.entries(restore), { code: 'store-unavailable' })
  assert.deepEqual([await state.became('operator', 'k'), state.provisional], [{ state: 'unknown' }, []])
})

t.test('what this instance committed is told apart from what it only followed', async t => {
  const { submit, subscribe } = await aLog(t)
  const [all, own]: [string[], string[]] = [[], []]
  t.after(subscribe.entries(entries => all.push(...entries.map(({ entry }) => entry.action))))
  const end = subscribe.committed(entries => own.push(...entries.map(({ entry }) => entry.action)))
  await submit.entries(ask('k', ['ai_v1']))
  end()
  await submit.entries(ask('l', ['kyc_v1']))
  assert.deepEqual([all, own], [['kill', 'kill'], ['kill']])
})
