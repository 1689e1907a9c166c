import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchError } from '../../../src/domain/errors.js'
import type { Kill } from '../../../src/domain/flip/kill.js'
import { LogKeys } from '../../../src/domain/log/log-keys.js'
import { anActor, noStep } from '../../support/domain.js'
import { aGate, type Rig } from '../../support/gate.js'
import { powerCut } from '../../support/power-cut.js'
import { provisionalOf } from '../../support/provisional.js'
import type { Teardown } from '../../support/testdir.js'

const UNSIGNED = new LogKeys()
const FLAGS = ['ai_v1', 'kyc_v1']
const hasCode = (code: string) => (error: unknown) => error instanceof KillswitchError && error.code === code
const holdsOf = ({ log }: Rig) => FLAGS.map(flag => log.state.flags.get(flag)?.holds.length)
const story = async (rig: Rig) =>
  (await rig.entries()).slice(1).map(({ entry }) => `${entry.action} ${entry.outcome}`)

/** After a start whose log, which is not signed, has a run of two flags without its last kill. */
async function tornRun(t: Teardown): Promise<Rig> {
  const before = await aGate(t, { keys: UNSIGNED })
  await before.run(FLAGS, 'k')
  const rig = await aGate(t, { folder: powerCut(t, before.folder), keys: UNSIGNED })
  assert.deepEqual(await story(rig), ['step.run applied', 'kill applied'])
  return rig
}

t.test('a step run that a power cut tore', async t => {
  t.test('is not there at all in a log that is signed: nobody was told of it', async t => {
    const before = await aGate(t)
    await before.run(FLAGS, 'k')
    const rig = await aGate(t, { folder: powerCut(t, before.folder) })
    assert.deepEqual([await story(rig), holdsOf(rig)], [[], [0, 0]])
    const again = await rig.run(FLAGS, 'k')
    assert.deepEqual([again.replayed, holdsOf(rig)], [false, [1, 1]])
  })

  t.test('is done when it is sent again, and only then counts as done', async t => {
    const rig = await tornRun(t)
    const again = await rig.run(FLAGS, 'k')
    assert.deepEqual([again.replayed, holdsOf(rig)], [false, [1, 1]])
    assert.deepEqual((await story(rig)).slice(2), ['step.run applied', 'kill unchanged', 'kill applied'])
    const replay = await rig.run(FLAGS, 'k')
    assert.deepEqual([replay.replayed, replay.places], [true, again.places])
    assert.equal((await story(rig)).length, 5)
  })

  t.test('refuses its key to another request, as a whole one does', async t => {
    const rig = await tornRun(t)
    await assert.rejects(rig.run(['kyc_v1'], 'k'), hasCode('key-reused'))
    assert.deepEqual(holdsOf(rig), [1, 0])
  })

  t.test('is known as torn, and as done, after a start from a checkpoint too', async t => {
    const torn = await tornRun(t)
    await torn.close()
    const { folder } = torn
    const rig = await aGate(t, { folder, keys: UNSIGNED })
    const again = await rig.run(FLAGS, 'k')
    assert.deepEqual([again.replayed, holdsOf(rig)], [false, [1, 1]])
    await rig.close()
    const replay = await (await aGate(t, { folder, keys: UNSIGNED })).run(FLAGS, 'k')
    assert.deepEqual([replay.replayed, replay.places], [true, again.places])
  })

  const taken: [string, Pick<Kill, 'action' | 'flags'>][] = [
    ['was taken provisionally as well', { action: 'step.run', flags: FLAGS }],
    ['goes on on a branch that was left', { action: 'kill', flags: ['kyc_v1'] }],
  ]
  for (const [what, kill] of taken)
    t.test(`keeps no flag from a kill that ${what}`, async t => {
      const rig = await tornRun(t)
      const provisional = await provisionalOf(t, rig)
      const request = { id: 'request of k', key: 'k', digest: `run ${FLAGS.join()}` }
      const common = { v: 1 as const, receivedAt: new Date().toISOString(), claim: noStep, request }
      await provisional.take([{ ...common, ...kill, actor: anActor('operator') }])
      provisional.merge()
      await provisional.close()
      assert.deepEqual([provisional.kills, holdsOf(rig)], [[], [1, 1]])
      assert.equal(rig.log.state.merged.length, kill.flags.length)
      assert.equal((await rig.run(FLAGS, 'k')).replayed, true)
    })
})
