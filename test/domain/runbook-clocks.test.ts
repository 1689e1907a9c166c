// The clocks of the five runbooks, minute by minute, on our own texts and on the originals: what each says, and nothing
// that it does not say. Each expectation was read from the text by hand.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { clockOf } from '../../src/domain/incident/clock.js'
import { read } from '../catalogue/runbooks/reading.js'
import { aFlag, NOW, stateWith } from '../support/domain.js'
import { Story } from '../support/incidents.js'
import { FLAGS_DIR, ROOT } from '../support/server.js'

const FOLDERS = {
  'our own texts': join(FLAGS_DIR, 'runbooks'),
  'the originals': join(process.env.KILLSWITCH_SHARED_DIR ?? join(ROOT, '../shared'), 'runbooks'),
}
const MINUTE_MS = 60_000

/** `what minute` of all that is due, counted from the declaration; `-` has no hour, `!` is overdue, `ok` is met. */
function clockAt(told: Story, minutes: number): string[] {
  return clockOf(told.incident, told.runbook, NOW + minutes * MINUTE_MS)
    .map(({ what, due, metAt, overdue }) => {
      const hour = due === undefined ? '-' : String((Date.parse(due) - NOW) / MINUTE_MS)
      return `${what} ${hour}${metAt === undefined ? '' : ' ok'}${overdue ? '!' : ''}`
    })
    .sort()
}

for (const [name, folder] of Object.entries(FOLDERS)) {
  const skip = existsSync(folder) ? false : `${folder} is not there`
  const open = (id: string, severity: string): Story => {
    const runbook = read(readFileSync(join(folder, `${id}.md`), 'utf8'), id)
    const told = new Story(stateWith(aFlag('ai_v1')), runbook)
    told.declare({ severity })
    return told
  }

  t.test(`the clock, by ${name}`, { skip }, async t => {
    t.test(
      'of TrustFlow has ten minutes to begin with and thirty of watching, and no other hour',
      async () => {
        const told = open('trustflow', 'SEV-1')
        // ours has two waits that begin with the restore; what the original says is among them
        const waits = (minutes: number) => clockAt(told, minutes).filter(each => /recovery-wait/.test(each))
        assert.deepEqual(clockAt(told, 600), [...waits(600), 'time-box 10!', 'update -'], 'nothing else')
        told.kill('ai_v1', 'INC-1', 1)
        told.restore('ai_v1', { incident: 'INC-1' }, 10)
        assert.ok(waits(39).includes('recovery-wait 40'))
        assert.ok(waits(40).includes('recovery-wait 40 ok'))
      },
    )

    t.test('of Pilot deals escalates by severity and by time, and counts no business hours', async () => {
      assert.deepEqual(clockAt(open('pilot', 'SEV0'), 20), [
        'escalation -',
        'escalation 15!',
        'escalation 60',
        'recovery-wait -',
        'response 15!',
      ])
      assert.deepEqual(clockAt(open('pilot', 'SEV1'), 59), [
        'escalation -',
        'escalation 60',
        'escalation 60',
        'recovery-wait -',
        'recovery-wait -',
        'response 60',
      ])
      assert.deepEqual(clockAt(open('pilot', 'SEV2'), 10_000), [
        'escalation 60!',
        'recovery-wait -',
        'response -',
      ])
      assert.deepEqual(clockAt(open('pilot', 'SEV3'), 10_000), [
        'escalation 60!',
        'recovery-wait -',
        'response -',
      ])
      const told = open('pilot', 'SEV0')
      told.note('progress', 10)
      assert.ok(clockAt(told, 20).includes('escalation 15!'), '"cannot resolve" is not put off by progress')
    })

    t.test(
      'of the chat assistant wants an update every thirty minutes and a post-mortem in a day',
      async () => {
        const told = open('chat-assistant', 'SEV1')
        assert.deepEqual(clockAt(told, 29), [
          'escalation -',
          'postmortem -',
          'response -',
          'time-box 15!',
          'update 30',
        ])
        told.note('update', 29)
        assert.ok(clockAt(told, 59).includes('update 59!'))
        assert.ok(clockAt(open('chat-assistant', 'SEV2'), 1).includes('response 60'))
        const minor = open('chat-assistant', 'SEV3')
        assert.deepEqual(clockAt(minor, 1), ['postmortem -', 'response 240', 'time-box 15', 'update 30'])
        minor.resolve({}, 100)
        assert.deepEqual(clockAt(minor, 200), ['postmortem 1540', 'response 240 ok', 'time-box 15 ok!'])
        assert.ok(
          clockAt(open('chat-assistant', 'SEV4'), 10_000).includes('response -'),
          'the next business day',
        )
      },
    )

    t.test(
      'of the insurance bridge has a response and a resolution for each level, and no other hour',
      async () => {
        const at = (level: string) =>
          clockAt(open('insurance-ai-bridge', level), 1).filter(each => !/recovery-wait/.test(each))
        assert.deepEqual(at('P1'), ['escalation -', 'resolution 60', 'response -'])
        assert.deepEqual(at('P2'), ['escalation -', 'resolution 240', 'response 15'])
        assert.deepEqual(at('P3'), ['escalation -', 'resolution 1440', 'response 60'])
        assert.deepEqual(at('P4'), ['escalation -', 'resolution -', 'response 240'])
      },
    )

    t.test(
      'of Inflow escalates three times without progress, waits for stability, and has two days to write',
      async () => {
        const told = open('inflow', 'SEV1')
        const escalations = (minutes: number) =>
          clockAt(told, minutes).filter(each => /escalation/.test(each))
        assert.ok(clockAt(told, 5).includes('response 5!'))
        assert.deepEqual(escalations(15), ['escalation 15!', 'escalation 30', 'escalation 60'])
        told.note('progress', 20)
        assert.deepEqual(escalations(30), ['escalation 35', 'escalation 50', 'escalation 80'])
        told.kill('ai_v1', 'INC-1', 31)
        told.restore('ai_v1', { incident: 'INC-1' }, 40)
        assert.ok(clockAt(told, 54).includes('recovery-wait 55'))
        told.kill('ai_v1', 'INC-1', 54)
        assert.ok(clockAt(told, 60).includes('recovery-wait -'), 'killed again')
        told.restore('ai_v1', { incident: 'INC-1' }, 70)
        assert.ok(clockAt(told, 85).includes('recovery-wait 85 ok'))
        told.resolve({}, 85)
        assert.deepEqual(clockAt(told, 86), [`postmortem ${85 + 2880}`, 'response 5 ok!', 'time-box 2 ok!'])
      },
    )
  })
}
