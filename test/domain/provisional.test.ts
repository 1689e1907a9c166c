import assert from 'node:assert/strict'
import t from 'tap'
import { decideRestore } from '../../src/domain/flip/flip.js'
import { decideKill } from '../../src/domain/flip/kill.js'
import { killsOfBranch } from '../../src/domain/flip/provisional.js'
import { EMPTY, type SealedEntry, seal } from '../../src/domain/log/audit.js'
import { fold, INITIAL, type State } from '../../src/domain/state.js'
import { aCatalogue, aFlag, anActor, applied, killOf, loaded, noStep, stateWith } from '../support/domain.js'
import { aKill } from '../support/provisional.js'

const NOW = Date.parse('2026-11-21T03:00:00Z')

/** A log that is written into by the rules. */
class Story {
  state: State = INITIAL
  entries: SealedEntry[] = []

  add(draft: Parameters<typeof seal>[0]): void {
    const sealed = seal(draft, this.state.log === undefined ? { ...EMPTY, at: '' } : this.state.head, 'test')
    this.state = fold(this.state, sealed)
    this.entries.push(sealed)
  }

  kill(key: string, incident: string): void {
    const request = { id: key, key, digest: '' }
    const { drafts } = decideKill(this.state, killOf('ai_v1', { incident, request }))
    for (const draft of drafts) this.add(draft)
  }

  restore(key: string, incident: string): void {
    const command = { flag: 'ai_v1', actor: anActor('engineer'), claim: noStep, incident, present: [] }
    const request = { id: key, key, digest: '' }
    for (const draft of decideRestore(this.state, { ...command, request, reason: 'well' }, NOW).drafts)
      this.add(draft)
  }
}

t.test('an acknowledged kill of an abandoned branch that found its hold there is applied again', async () => {
  const story = new Story()
  story.add(loaded(aCatalogue(aFlag('ai_v1'))))
  story.kill('before', 'INC-1')
  // elsewhere, the log goes on with a restore of INC-1; here, the branch has one more kill of it
  const length = story.entries.length
  story.kill('again', 'INC-1')
  story.kill('gone', 'INC-2')
  story.restore('r', 'INC-2')
  const kills = killsOfBranch(story.entries.slice(length), story.state)
  assert.deepEqual(
    kills.map(({ request, flags }) => [request.key, flags]),
    [['again', ['ai_v1']]],
  )
})

t.test(
  'the kills of a step run that a branch begins inside of come in together, without its first entry',
  async () => {
    const kill = { ...aKill('kyc_v1', 'run'), flags: ['kyc_v1', 'bridge.intake'] }
    const state = stateWith(aFlag('kyc_v1'), aFlag('bridge.intake'))
    const { flags } = applied(state, decideKill(state, kill, 'accepted'))
    for (const flag of kill.flags) assert.equal(flags.get(flag)?.holds.length, 1, flag)
  },
)
