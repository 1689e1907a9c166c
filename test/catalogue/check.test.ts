// The findings of a catalogue, each with what a person reads, from documents and runbooks as the readers give them.

import assert from 'node:assert/strict'
import t from 'tap'
import { checkCatalogue } from '../../src/catalogue/check.js'
import type { CataloguePlaces } from '../../src/catalogue/load.js'
import { findingLine, reportJson, reportLines } from '../../src/catalogue/report.js'
import { sha256 } from '../../src/catalogue/runbook-files.js'
import type { CatalogueDocument } from '../../src/wire/catalogue.js'
import type { Finding, FlagAction, Runbook, Step } from '../../src/wire/runbook.js'
import { file, flag, load } from './directory.js'

const action = (direction: FlagAction['direction'], changes: Partial<FlagAction> = {}): FlagAction => ({
  flag: 'a.flag',
  variant: direction === 'kill' ? 'off' : 'on',
  value: direction !== 'kill',
  direction,
  line: 5,
  confidence: 'high',
  ...changes,
})

const step = (ordinal: string, ...flagActions: FlagAction[]): Step => ({
  id: `shop/outage/${ordinal}`,
  code: 'ABCDE',
  text: 'Disable a.flag',
  line: 4 + Number(ordinal),
  headingPath: ['Outage'],
  ordinal,
  kind: 'ordered',
  flagActions,
})

const runbook = (steps: Step[], findings: Finding[] = []): Runbook => ({
  id: 'shop',
  title: 'Shop',
  digest: '',
  lines: 9,
  sections: [],
  steps,
  severities: [{ level: 'SEV1', line: 2, responseTime: { text: '5 min', minutes: 5 } }],
  escalations: [],
  contacts: [],
  timeBoxes: [],
  waits: [],
  updateCadences: [],
  messageTemplates: [],
  leftOut: { contacts: 3 },
  findings,
})

const source = (text: string) => ({ id: 'shop', application: 'shop', source: text, digest: sha256(text) })

const PLACES: CataloguePlaces = {
  flags: new Map([['a.flag', { file: 'flags/shop.yaml', line: 2 }]]),
  runbooks: new Map([['shop', 'flags/runbooks/shop.md']]),
  linkFiles: new Map([['shop.yaml', 'flags/shop.yaml']]),
}

async function document(
  t: Parameters<typeof load>[0],
  changes: Partial<CatalogueDocument> = {},
): Promise<CatalogueDocument> {
  const loaded = await load(t, { 'shop.yaml': file(flag()) })
  return { ...loaded.document!, runbooks: [source('# Shop\n')], ...changes }
}

const lines = (found: Finding[]): string[] => found.map(findingLine)
const COMPLETE = [step('1', action('kill')), step('2', action('restore'))]

t.test('a catalogue', async t => {
  t.test('whose kill and restore are steps has no finding', async t => {
    assert.deepEqual(checkCatalogue(await document(t), [runbook(COMPLETE)], PLACES), [])
  })

  t.test('with a flag that no step kills', async t => {
    const found = checkCatalogue(await document(t), [runbook([step('2', action('restore'))])], PLACES)
    assert.deepEqual(lines(found), [
      'flags/shop.yaml:2: no step of any runbook kills a.flag: name it beside a verb in a step, or link a step to it [flag-without-step]',
    ])
  })

  t.test('with a kill that no step restores, wherever that would be', async t => {
    const kills = runbook([step('1', action('kill', { confidence: 'link' }))])
    assert.deepEqual(lines(checkCatalogue(await document(t), [kills], PLACES)), [
      'flags/runbooks/shop.md:5: shop/outage/1 kills a.flag, and no step of any runbook restores it: add the step that does, and who may [kill-without-restore-step]',
    ])
    const elsewhere = { ...runbook([step('2', action('restore'))]), id: 'other' }
    assert.deepEqual(checkCatalogue(await document(t), [kills, elsewhere], PLACES), [])
  })

  t.test('with an action on another flag only', async t => {
    const [found] = checkCatalogue(await document(t), [runbook([step('1', action('kill', { flag: 'b' }))])])
    assert.equal(found!.code, 'flag-without-step')
    assert.equal(findingLine(found!).split(': ', 1)[0], 'shop.yaml:1')
  })

  t.test('with a link or an application that names no runbook', async t => {
    const link = {
      step: 'shoop/outage/1',
      flag: 'a.flag',
      direction: 'kill',
      file: 'shop.yaml',
      line: 12,
    } as const
    const checked = checkCatalogue(
      await document(t, { links: [link], applications: [{ id: 'shop', name: 'Shop', runbook: 'shopp' }] }),
      [runbook(COMPLETE)],
      PLACES,
    )
    assert.deepEqual(
      lines(checked).map(line => line.split(': the link')[0]),
      [
        'flags/shop.yaml:1: names the runbook "shopp", which is not there; did you mean "shop"? [dangling-link]',
        'flags/shop.yaml:12',
      ],
    )
    assert.equal(checked[1]!.code, 'dangling-link')
  })

  t.test('with a runbook too large, of which nothing else is said', async t => {
    const large = { ...source('# shop\n\nA notice.\n'), digest: sha256('the whole of it') }
    const empty: Finding = { code: 'no-structure', message: 'no steps', line: 1 }
    const found = checkCatalogue(
      await document(t, { runbooks: [large] }),
      [runbook(COMPLETE, [empty])],
      PLACES,
    )
    assert.deepEqual(lines(found), [
      'flags/runbooks/shop.md:1: is over 512 KiB and is listed without steps: split it [too-large]',
    ])
  })

  t.test('with a runbook of another encoding', async t => {
    const old = source('# Shop\n\nCaf\ufffd\n')
    const found = checkCatalogue(await document(t, { runbooks: [old] }), [runbook(COMPLETE)], PLACES)
    assert.deepEqual(lines(found), [
      'flags/runbooks/shop.md:3: holds characters that could not be read: save the file as UTF-8 [unreadable]',
    ])
  })
})

t.test('what the parser found', async t => {
  const destructive: Finding = { code: 'destructive-command', message: 'FLUSHALL would wipe flags', line: 9 }
  const unnamed: Finding = {
    code: 'switch-without-flag',
    message: 'could be a switch',
    step: 'shop/outage/1',
    line: 5,
  }

  t.test('is kept once, in the order of lines', async t => {
    const read = runbook(COMPLETE, [destructive, unnamed, destructive])
    assert.deepEqual(lines(checkCatalogue(await document(t), [read], PLACES)), [
      'flags/runbooks/shop.md:5: could be a switch [switch-without-flag]',
      'flags/runbooks/shop.md:9: FLUSHALL would wipe flags [destructive-command]',
    ])
  })

  t.test('is settled for a switch that a link names', async t => {
    const link = {
      step: 'shop/outage/1',
      flag: 'a.flag',
      direction: 'kill',
      file: 'shop.yaml',
      line: 12,
    } as const
    const read = runbook([step('1'), step('2', action('restore'))], [unnamed, destructive])
    assert.deepEqual(
      checkCatalogue(await document(t, { links: [link] }), [read], PLACES).map(({ code }) => code),
      ['destructive-command'],
    )
  })

  t.test('does not change what it was given', async t => {
    const read = runbook(COMPLETE, [destructive])
    const before = structuredClone(read)
    checkCatalogue(await document(t), [read], PLACES)
    assert.deepEqual(read, before)
  })
})

t.test('the report', async t => {
  const look = { isColoured: false, listSteps: false }
  const finding: Finding = { code: 'odd-value', message: 'odd \u001b[2J', file: 'f.md', line: 3 }

  t.test('shows what was read, then faults, then findings', async t => {
    const linked = {
      ...step('1', action('kill', { confidence: 'link' })),
      condition: 'if it \u001b[31mrains',
    }
    const checked = {
      document: await document(t),
      runbooks: [runbook([linked])],
      faults: [{ file: 'x.yaml', line: 7, message: 'is wrong' }],
      findings: [finding],
      places: PLACES,
    }
    assert.deepEqual(reportLines(checked, look), [
      `catalogue ${checked.document.digest.slice(0, 12)}: 1 application, 1 flag, 1 runbook, 0 links`,
      '',
      'runbook shop  flags/runbooks/shop.md  Shop',
      '  steps         1',
      '  severities    SEV1 (5 min)',
      '  flag actions  1',
      '       5  kill     a.flag -> off  shop/outage/1 (ABCDE, by a link, where: if it \ufffd[31mrains)',
      '  left out      3 contacts',
      '',
      'faults',
      'x.yaml:7: is wrong',
      '',
      'findings',
      'f.md:3: odd \ufffd[2J [odd-value]',
      '',
      '1 fault, 1 finding',
    ])
    assert.ok(
      reportLines(checked, { ...look, listSteps: true }).includes(
        '       5  ABCDE  shop/outage/1  Disable a.flag',
      ),
    )
    const coloured = reportLines(checked, { ...look, isColoured: true })
    assert.equal(coloured.at(-1), '\u001b[31m1 fault, 1 finding\u001b[0m')
    assert.ok(coloured.includes('f.md:3: odd \ufffd[2J [odd-value]'))
    assert.deepEqual(JSON.parse(reportJson(checked)).findings, [finding])
  })
})
