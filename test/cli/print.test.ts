import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { RefusedError } from '../../src/cli/plumbing/exit.js'
import { flipLines } from '../../src/cli/print/flip.js'
import { clockLines } from '../../src/cli/print/incident.js'
import { problemJson, problemLines } from '../../src/cli/print/problem.js'
import { styleFor } from '../../src/cli/print/style.js'
import { table } from '../../src/cli/print/table.js'
import { wayFor } from '../../src/cli/print/wording.js'
import { widthOf, wrapCell, wrapLine } from '../../src/cli/print/wrap.js'
import { by, byCall, bySending, KillswitchError } from '../../src/domain/errors.js'
import type { FlipAnswer } from '../../src/wire/flip.js'
import type { ClockItem } from '../../src/wire/incident.js'
import type { Call } from '../../src/wire/way.js'

const plain = styleFor(false)
const coloured = styleFor(true)
const NOW = Date.parse('2026-11-20T03:10:00.000Z')

t.test('a table on a terminal', async t => {
  const head = ['CODE', 'DOES', 'STEP']
  const rows = [
    ['gihus', coloured.red('kill ai_v1 -> off (if the error rate stays high)'), 'trustflow/ai-instability/3'],
    ['kijov', 'kill chat.degraded-mode -> on', 'chat-assistant/external-service-claude-api/1'],
  ]

  t.test(
    'loses nothing in any width, and is wider than the terminal only where its columns are at their narrowest',
    async () => {
      const words = (lines: string[]) => lines.join('').replace(/[^a-z0-9]+/gi, '')
      const letters = (lines: string[]) => Array.from(words(lines)).sort().join('')
      const wide = table(head, rows, { style: plain })
      assert.equal(wide.length, 3)
      for (let columns = 40; columns <= 140; columns++) {
        const lines = table(head, rows, { style: plain, columns })
        for (const line of lines) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`)
        assert.equal(
          letters(lines).replace(/[013m]/g, ''),
          letters(wide).replace(/[013m]/g, ''),
          `${columns}`,
        )
      }
    },
  )

  t.test('keeps the colour of a cell in each of its lines', async () => {
    assert.deepEqual(wrapCell(coloured.red('one two three'), 7), ['one two', 'three'].map(coloured.red))
    assert.deepEqual(wrapCell('a-word-too-long', 6), ['a-word', '-too-l', 'ong'])
    assert.deepEqual(wrapCell('', 6), [''])
  })
})

t.test('a line on a terminal', async t => {
  t.test('is broken between words, and goes on below its value', async () => {
    assert.deepEqual(wrapLine('  step   kill it at once, and please', 27), [
      '  step   kill it at once,',
      '         and please',
    ])
    assert.deepEqual(wrapLine('Refused: this is not for you', 16), ['Refused: this is', '  not for you'])
    assert.deepEqual(wrapLine('short', 16), ['short'])
    assert.deepEqual(wrapLine('https://a-long-address.example/x', 10), ['https://a-long-address.example/x'])
  })
})

t.test('the clock of an incident', async t => {
  const item = (given: Partial<ClockItem>): ClockItem => ({
    what: 'escalation',
    text: 'x',
    line: 1,
    overdue: false,
    ...given,
  })
  const since = '2026-11-20T03:00:00.000Z'

  t.test('shows what is due next first, and says of each what it waits for', async () => {
    const lines = clockLines(
      [
        item({ what: 'response', text: 'Immediate', since, metAt: since }),
        item({ text: '1 hour', since, metAt: since, ended: 'recovered' }),
        item({
          what: 'time-box',
          text: 'First 10 minutes',
          left: ['kolus', 'rovus'],
          since,
          metAt: since,
          ended: 'resolved',
          overdue: true,
        }),
        item({ what: 'postmortem', text: 'within 48 h' }),
        item({ what: 'recovery-wait', text: 'Wait 15 min' }),
        item({ text: 'P1: Immediate escalation', since, target: 'manager', atOnce: true }),
        item({ text: 'SEV0', since }),
        item({ what: 'resolution', text: 'Next release', since }),
        item({ what: 'update', text: 'with next update ETA', since }),
        item({ text: '30 min', since, due: '2026-11-20T03:30:00.000Z' }),
        item({ text: '5 min', since, due: '2026-11-20T03:05:00.000Z', overdue: true }),
      ],
      { style: plain, columns: undefined, now: NOW },
    )
    assert.deepEqual(
      lines.map(line => line.trim().replace(/ {2,}/g, '  ')),
      [
        'escalation  OVERDUE, was due 5 min ago (03:05:00 UTC)  5 min  line 1',
        'escalation  due in 20 min (03:30:00 UTC)  30 min  line 1',
        'escalation  at once  P1: Immediate escalation -> manager  line 1',
        'escalation  at this severity  SEV0  line 1',
        'resolution  no minutes given  Next release  line 1',
        'update  when each update says that the next one comes  with next update ETA  line 1',
        'post-mortem  once it is resolved  within 48 h  line 1',
        'recovery wait  from the last restore, or a note -k recovered  Wait 15 min  line 1',
        'response  met 03:00:00 UTC  Immediate  line 1',
        'escalation  not done; recovered 03:00:00 UTC  1 hour  line 1',
        'time box  not done in time; resolved 03:00:00 UTC  First 10 minutes  line 1  left: kolus rovus',
      ],
    )
    assert.match(
      clockLines([], { style: plain, columns: undefined, now: NOW }).join(),
      /puts no time to anything/,
    )
  })
})

t.test('a way out', async t => {
  t.test('is a command that can be typed, made from the call or the members it names', async () => {
    const typed = (call: Call) => wayFor(byCall(call, 'does it'))
    const undo = { method: 'POST', path: '/v1/flags/restore', body: { flag: 'a b', undo: true } } as const
    assert.deepEqual(
      [
        typed({ method: 'GET', path: '/v1/flags' }),
        typed({ method: 'GET', path: '/v1/audit?incident=INC-1' }),
        typed({ method: 'GET', path: '/v1/flips/k%2F1' }),
        typed(undo),
        typed({ method: 'GET', path: '/v1/unheard-of' }),
        typed({ method: 'GET', path: '/docs' }),
        wayFor(bySending({ force: true, reason: '' }, 'A coordinator forces it')),
        wayFor(bySending({ unheard: 1 })),
        wayFor(by('Ask somebody.')),
      ],
      [
        '"killswitch status" does it.',
        '"killswitch audit query --incident INC-1" does it.',
        '"killswitch flip k/1" does it.',
        '"killswitch undo \'a b\'" does it.',
        'GET /v1/unheard-of does it.',
        undefined,
        'A coordinator forces it: give --force --reason "...".',
        'Send "unheard".',
        'Ask somebody.',
      ],
    )
  })

  t.test('is shown with near names as they are, whatever stands in them', async () => {
    const names = ['did you mean "x"?', 'a Near: b. GET /v1/flags', "it's\n2"]
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(...names)), { maxLength: 3 }), near => {
        const { detail, message, data } = new KillswitchError('unknown-flag', 'There is none.', { near })
        const problem = { status: 404, code: 'unknown-flag', detail, message, near: [...(data.near ?? [])] }
        const lines = problemLines(new RefusedError(problem, JSON.stringify(problem), ''), plain)
        assert.equal(lines[0], 'Refused (unknown-flag): There is none.')
        assert.deepEqual(
          lines.slice(1),
          near.map(name => `  near: ${name}`),
        )
        assert.deepEqual(
          JSON.parse(problemJson(new RefusedError(problem, JSON.stringify(problem), ''))),
          problem,
        )
      }),
    )
  })
})

t.test('the answer to a kill', async t => {
  const answer: FlipAnswer = {
    id: 42,
    key: 'k',
    action: 'kill',
    outcome: 'applied',
    changed: true,
    flag: 'ai_v1',
    summary: 'Turn ai_v1 off: on -> off',
    offRunbook: true,
    actor: { id: 'ana', role: 'operator', via: 'cli' },
    at: '2026-11-20T03:00:00.000Z',
    warnings: [],
    environment: 'test',
    durability: 'journal',
    replayed: false,
  }
  const lines = (each: FlipAnswer) => flipLines(each, styleFor(false), Date.parse(each.at)).join('\n')

  t.test('names its entry', async () => {
    assert.match(lines(answer), /entry +0-42, /)
  })

  t.test('says of a provisional one that its entry is still to come', async () => {
    const { id: _, ...rest } = answer
    const said = lines({ ...rest, durability: 'provisional' })
    assert.match(said, /entry +provisional; its entry comes with the log, /)
    assert.doesNotMatch(said, /undefined/)
  })
})
