// Every kind of entry, with and without each of its members, on every surface that says what an entry says: they agree, and
// none of them says what is not there.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toString as plainText } from 'mdast-util-to-string'
import t from 'tap'
import { entryRow, sentence } from '../../src/cli/print/entry.js'
import { styleFor } from '../../src/cli/print/style.js'
import { attemptOf, causeOf } from '../../src/domain/flip/refusal.js'
import { timelineOf } from '../../src/domain/incident/timeline.js'
import { entryId, hashLine, type Entry as LogEntry, placeOf } from '../../src/domain/log/audit.js'
import { sentenceOf } from '../../src/domain/log/sentence.js'
import { listEntry, presentEntry } from '../../src/http/flip/present.js'
import { presentEntries } from '../../src/http/incident/present-incident.js'
import { entriesAsCsv } from '../../src/http/log/entries-csv.js'
import { oneLine } from '../../src/text/characters.js'
import { paragraph } from '../../src/text/markdown.js'
import { ACTIONS, ERROR_CODES, NOTE_KINDS, OUTCOMES, PROOF_LIMITS } from '../../src/wire/words.js'
import { aCatalogue, aFlag, aRequest, at } from '../support/domain.js'

const BAD = /undefined|null|NaN|\[object|^\s*$/

const word = fc.constantFrom('ai_v1', 'INC-7', 'olga', 'api-1 x', 'two words', 'line\nbreak')
const names = fc.array(word, { maxLength: 5 })
const variant = fc.constantFrom(null, 'on', 'off')
const count = fc.nat({ max: 900 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const some = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: (keyof T)[] = []) =>
  fc.record(model, { requiredKeys }) as fc.Arbitrary<T>

const step = some({ id: word, code: word, text: word, line: count }, ['id'])
const place = fc.tuple(fc.nat({ max: 2_000 }), count).map(([epoch, seq]) => placeOf({ epoch, seq }))
const holds = fc.array(fc.record({ id: word, actor: word, since: fc.constant(at(0)) }), { maxLength: 3 })
const confirmed = some(
  {
    ...{ flip: place, complete: fc.boolean(), applied: count, pending: names, lost: names, served: count },
    ...{ cannotProve: names, expired: names, of: count, firstMs: count, lastMs: count },
    because: fc.subarray([...PROOF_LIMITS]),
  },
  ['flip', 'complete', 'applied', 'pending', 'lost', 'served'],
)

/** Each with the members that an entry must have; all others are there or not, whatever its action. */
const anEntry = fc
  .record(
    {
      ...{ v: fc.constant(1), epoch: fc.nat({ max: 2_000 }), seq: fc.integer({ min: 1, max: 999 }) },
      ...{ at: fc.constant(at(60)), receivedAt: fc.constantFrom(at(60), at(30)) },
      ...{ environment: fc.constant('test'), prev: fc.constant('') },
      action: fc.constantFrom(...ACTIONS),
      outcome: fc.constantFrom(...OUTCOMES),
      actor: fc.record({ id: word, role: fc.constant('operator'), via: fc.constant('cli') }),
      request: fc.constant({ ...aRequest('k'), ip: '192.0.2.1' }),
      ...{ flag: fc.constantFrom('ai_v1', 'chat.degraded-mode'), application: word, label: word },
      ...{ from: variant, to: variant, hold: word, released: names, holds, flags: names, incident: word },
      ...{ runbook: fc.record({ id: word, digest: word }), step, offRunbook: fc.boolean(), reason: word },
      ...{ undo: fc.constant(true), merged: names, origin: fc.record({ place, hash: word }) },
      refusal: fc.record({ code: fc.constantFrom(...ERROR_CODES), detail: fc.constantFrom('', 'It is so.') }),
      summary: fc.record({ count, since: fc.constant(at(0)) }),
      shown: fc.record({ hold: word, app: word, instance: word }),
      recovered: fc.record({ why: fc.constantFrom('', 'the log in Redis was emptied'), restored: count }),
      signing: some(
        { key: fc.constant('AAAA'), after: fc.record({ place, hash: word }), lost: fc.boolean() },
        ['key', 'after'],
      ),
      redated: fc.record({ from: fc.constant(at(90)) }),
      declared: some(
        {
          ...{
            title: word,
            runbook: fc.constantFrom('', 'trustflow'),
            severity: fc.constantFrom('', 'SEV-1'),
          },
          commander: word,
        },
        ['title', 'runbook', 'severity'],
      ),
      note: some({ kind: fc.constantFrom(...NOTE_KINDS), text: word, to: word, owner: word, due: word }, [
        'kind',
        'text',
      ]),
      change: some({
        ...{ severity: word, runbook: fc.record({ id: word, digest: word }), commander: word, title: word },
        link: fc.record({ title: word, url: fc.constant('https://status.example') }),
      }),
      adopted: fc.array(some({ flag: word, hold: word, from: word }, ['flag', 'hold']), { maxLength: 3 }),
      history: names,
      ticked: fc.constantFrom('done', 'skipped'),
      resolved: some(
        {
          leave: fc.array(fc.record({ flag: word, owner: word, until: word }), { maxLength: 2 }),
          forced: fc.boolean(),
        },
        ['leave'],
      ),
      confirmed,
      forgotten: fc.array(fc.record({ id: word, instance: word }), { minLength: 1, maxLength: 5 }),
      reconciled: fc.array(fc.record({ flag: word, holds: names }), { minLength: 1, maxLength: 3 }),
      catalogue: fc.constant(aCatalogue(aFlag('ai_v1'))),
    },
    {
      requiredKeys: [
        ...(['v', 'epoch', 'seq', 'at', 'receivedAt', 'environment', 'prev', 'action', 'outcome'] as const),
        ...(['actor', 'request'] as const),
      ],
    },
  )
  .map(entry => entry as LogEntry)
const aDefinition = maybe(
  fc.constantFrom(aFlag('ai_v1'), aFlag('ai_v1', { targeting: { if: [true, 'on', 'off'] } })),
)
type Definition = ReturnType<typeof aFlag> | undefined

/** The cells of the one row of it. */
async function csvOf(entry: LogEntry, definition: Definition): Promise<Map<string, string>> {
  const found = async function* () {
    yield { place: placeOf(entry), entry, line: JSON.stringify(entry) }
  }
  let text = ''
  for await (const chunk of entriesAsCsv(found, () => definition)) text += chunk
  const [head = [], row = []] = cellsOf(text)
  return new Map(head.map((name, at) => [name, row[at] ?? '']))
}

function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, cell = '', end] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n)/g)) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end !== ',') rows.push([])
  }
  return rows
}

const timeline = (entry: LogEntry, definition: Definition): string | undefined => {
  const source = { entries: [entry], definition: () => definition, environment: 'test', applications: [] }
  const [line] = timelineOf({ ...source, incident: { id: 'INC-1' } as never })
  return line && plainText(paragraph(line))
}

/** What a sentence of this entry has to say, in whichever words stand around it. */
function factsOf(entry: LogEntry, definition: Definition): (string | undefined)[] {
  const { action, outcome, note, change, flag, step, declared, confirmed } = entry
  if (action === 'flip.voided') return [flag, 'was not done, and now cannot be']
  if (outcome === 'refused') return [attemptOf(entry)]
  switch (action) {
    case 'kill':
    case 'restore': {
      const value = sentenceOf({ ...entry, label: 'X' }, definition).replace(/^X(: )?| \(.*\)$/g, '')
      return [entry.label, value]
    }
    case 'flip.confirmed':
    case 'flip.unconfirmed':
      return [flag, confirmed && sentenceOf(entry, definition).replace(/^.*?entry \d+-\d+: /, '')]
    case 'incident.declared':
      return [entry.incident, declared?.title, declared?.severity, declared?.commander]
    case 'incident.noted':
      return [note?.kind, note?.text, note?.to, note?.owner]
    case 'incident.changed':
      return [change?.severity, change?.runbook?.id, change?.commander, change?.title, change?.link?.url]
    case 'incident.adopted':
      return (entry.adopted ?? []).flatMap(each => [each.flag, each.from])
    case 'incident.step':
      return [step?.text]
    default:
      return []
  }
}

t.test('what an entry says', async t => {
  t.test('has its sentence for every action and outcome, whatever of it is there', async () => {
    await fc.assert(
      fc.asyncProperty(anEntry, aDefinition, async (entry, definition) => {
        const said = sentenceOf(entry, definition)
        const hash = hashLine(JSON.stringify(entry))
        const listed = listEntry(entry, hash, definition)
        assert.deepEqual(
          [listed.sentence, presentEntry(entry, hash, definition).sentence],
          [said, said],
          'the answers of the API',
        )
        assert.equal(presentEntries([entry])[0]?.summary, sentenceOf(entry, undefined))
        const csv = await csvOf(entry, definition)
        assert.equal(csv.get('summary'), said, 'CSV')
        const row = entryRow(listed, styleFor(false), Date.parse(at(90)))
        assert.ok(row[5]?.endsWith(said), `the table: ${row[5]}`)
        assert.equal(row[0], entryId(placeOf(entry)))
        assert.ok(sentence(listed).includes(said), `the chat: ${sentence(listed)}`)
        const { sentence: _, ...older } = listEntry(entry, hash)
        assert.ok(entryRow(older, styleFor(false), 0)[5]?.endsWith(sentenceOf(entry, undefined)))
        const told = timeline(entry, definition)
        for (const text of [said, ...row, sentence(listed), ...csv.values(), told ?? 'x'])
          assert.doesNotMatch(text, text === '' ? /x/ : BAD)
        for (const fact of factsOf(entry, definition))
          if (fact)
            for (const text of [said, told ?? said])
              assert.ok(text.includes(oneLine(fact)), `${text} / ${fact}`)
      }),
      { numRuns: 3_000 },
    )
  })

  t.test('is told for every action, bare', async () => {
    const { actor, request } = { actor: { id: 'olga', role: 'operator', via: 'cli' }, request: aRequest() }
    for (const action of ACTIONS)
      for (const outcome of OUTCOMES) {
        const bare = { v: 1, epoch: 3, seq: 9, at: at(0), receivedAt: at(0), environment: 'test' }
        const entry = { ...bare, action, outcome, actor, request, prev: '' } as LogEntry
        for (const text of [sentenceOf(entry, undefined), timeline(entry, undefined) ?? 'x'])
          assert.doesNotMatch(text, BAD, `${action} ${outcome}`)
        assert.notEqual(sentenceOf(entry, undefined), action)
      }
    assert.equal(causeOf({}), 'The log keeps only its code: none.')
  })
})

t.test(
  'a row of CSV has the proof, and what the entry was about, after the columns that were there',
  async () => {
    const bare = { v: 1, epoch: 3, seq: 9, at: at(0), receivedAt: at(0), environment: 'test', prev: '' }
    const actor = { id: 'killswitch', role: 'owner', via: 'service' } as const
    const proof = {
      ...{ flip: placeOf({ epoch: 3, seq: 7 }), complete: false, applied: 4, of: 9, served: 0 },
      ...{ pending: ['api-5', 'api-6'], lost: ['api-7'], firstMs: 12, lastMs: 840 },
    }
    const row = await csvOf(
      {
        ...{ ...bare, action: 'flip.unconfirmed', outcome: 'applied', actor, request: aRequest() },
        ...{ flag: 'ai_v1', application: 'trustflow', label: 'Turn ai_v1 off', confirmed: proof },
      } as LogEntry,
      aFlag('ai_v1'),
    )
    assert.deepEqual(
      [...row.keys()].slice(0, 20).join(),
      'place,at,action,outcome,actor,role,via,flag,summary,incident,runbook,step,stepCode,stepLine,stepText,offRunbook,reason,holdsLeft,requestId,hash',
    )
    assert.deepEqual(
      [...row].slice(20).map(([name, cell]) => `${name}=${cell}`),
      [
        ...['epoch=3', 'seq=9', 'environment=test', 'application=trustflow', 'severity=', 'hold=', 'ip='],
        ...['forced=', 'applied=4', 'pending=4', 'lost=1', 'firstMs=12', 'lastMs=840'],
      ],
    )
    assert.match(
      row.get('summary') ?? '',
      /^ai_v1, entry 3-7: unconfirmed: 4\/9 confirmed by trustflow; not by/,
    )
    const resolve = await csvOf(
      {
        ...{ ...bare, action: 'incident.resolved', outcome: 'applied', actor, incident: 'INC-1' },
        request: { ...aRequest(), ip: '192.0.2.1' },
        resolved: { leave: [], forced: true },
      } as LogEntry,
      undefined,
    )
    assert.deepEqual([resolve.get('forced'), resolve.get('ip')], ['true', '192.0.2.1'])
  },
)
