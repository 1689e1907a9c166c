// The sentence of what is left undone, as the entry of a close keeps it.

import assert from 'node:assert/strict'
import t from 'tap'
import { leftUndoneWords } from '../../src/domain/incident/left-undone.js'
import type { LeftUndone } from '../../src/wire/incident.js'

t.test('a runbook of many sections hides neither the escalation nor the wait', async () => {
  const sections = Array.from(
    { length: 60 },
    (_, at): LeftUndone => ({
      ...{ what: 'steps', text: `Scenario ${at} > Resolution of a kind`, line: at, steps: ['a/b/1'], of: 2 },
    }),
  )
  const words = leftUndoneWords([
    ...sections,
    { what: 'wait', text: 'Monitor for recurrence', line: 78 },
    { what: 'escalation', text: 'P1/P2 -> engineering manager', line: 50 },
  ])
  assert.match(words, /: the wait "Monitor for recurrence" \(line 78\); the escalation "P1\/P2 -> eng/)
  assert.ok(words.length < 2_000)
  const shown = words.match(/steps of/g)?.length ?? 0
  assert.ok(shown > 0)
  assert.ok(words.endsWith(`; and ${60 - shown} more.`), words)
})
