// What people wrote is text in a post-mortem, wherever it comes from: nothing in it is active, and its outline is the log's.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { toString as plainText } from 'mdast-util-to-string'
import { gfm } from 'micromark-extension-gfm'
import t from 'tap'
import { postmortemOf } from '../../src/domain/incident/postmortem.js'
import type { PostmortemSource } from '../../src/domain/incident/postmortem-facts.js'
import type { Entry } from '../../src/domain/log/audit.js'
import { oneLine } from '../../src/text/characters.js'
import { bullets, markdownOf, words } from '../../src/text/markdown.js'
import * as closed from '../../src/wire/words.js'
import { aFlag, aRequest, at, stateWith } from '../support/domain.js'
import { ACTS, hostile, infested } from '../support/hostile.js'
import { aRunbook, Story } from '../support/incidents.js'

const WORDS = [
  ...closed.ACTIONS,
  ...closed.OUTCOMES,
  ...closed.NOTE_KINDS,
  ...closed.PROOFS,
  ...closed.PROOF_LIMITS,
  ...closed.WARNING_CODES,
  ...['done', 'skipped', 'open', 'resolved', ''],
]
const TEMPLATE = `# Incident #XXX: [title]

**Date:** YYYY
**Author:** [Name]

## Timeline
- 03:00 something
## Impact
- Features affected: [which]
## Notes
1. one
   - **two** and \`three\`
| a | b |
|---|---|
| [x] | y |
---`

const read = (markdown: string) =>
  fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
const ACTIVE = /^(?:html|link|image|linkReference|imageReference|definition|footnote.*)$/

function nodesOf(node: Nodes): Nodes[] {
  return [node, ...('children' in node ? node.children.flatMap(nodesOf) : [])]
}
function assertInert(markdown: string): void {
  assert.doesNotMatch(markdown, ACTS)
  const active = nodesOf(read(markdown)).filter(({ type }) => ACTIVE.test(type))
  assert.deepEqual(active, [], markdown)
}
/** Headings, lists with the number of their items, tables with that of their rows. */
const outlineOf = (markdown: string): string[] =>
  read(markdown).children.map(node =>
    'children' in node && node.type !== 'paragraph' && node.type !== 'heading'
      ? `${node.type} ${node.children.length}`
      : node.type,
  )

function source(template?: string): PostmortemSource {
  const runbook = aRunbook({
    ...(template === undefined
      ? {}
      : { postmortemTemplate: { title: 'Post-mortem', text: template, line: 1 } }),
  })
  const told = new Story(stateWith(aFlag('ai_v1')), runbook)
  const [kill] = told.kill('ai_v1', 'INC-1')
  told.declare({ commander: 'olga' }, 1)
  for (const kind of closed.NOTE_KINDS) told.note(kind, 2)
  told.change({ link: { title: 'Status', url: 'https://status.example' } }, 3)
  const by = {
    actor: { id: 'emil', role: 'engineer', via: 'cli' },
    request: aRequest(),
    receivedAt: at(4),
  } as const
  const others = [
    {
      action: 'restore',
      outcome: 'refused',
      flag: 'ai_v1',
      incident: 'INC-1',
      refusal: { code: 'forbidden', detail: 'no' },
    },
    {
      ...{
        action: 'flip.unconfirmed',
        outcome: 'applied',
        flag: 'ai_v1',
        incident: 'INC-1',
        application: 'trustflow',
      },
      confirmed: {
        flip: kill?.seq,
        complete: false,
        applied: 0,
        pending: ['api-1'],
        lost: ['api-2'],
        served: 0,
      },
    },
    {
      action: 'fleet.forgotten',
      outcome: 'applied',
      incident: 'INC-1',
      reason: 'gone',
      forgotten: [{ instance: 'api-3' }],
    },
    {
      action: 'incident.step',
      outcome: 'applied',
      incident: 'INC-1',
      ticked: 'skipped',
      step: { id: 's', line: 3, text: 'x' },
    },
  ]
  const entries = told.entries.map(({ entry }) => entry).filter(({ action }) => action !== 'catalogue.loaded')
  const last = entries.at(-1) as Entry
  const more = others.map(
    (each, index) => ({ ...last, ...by, seq: last.seq + 1 + index, at: at(5), ...each }) as Entry,
  )
  return {
    ...{ incident: told.incident, entries: [...entries, ...more], runbook, environment: 'test' },
    definition: () => aFlag('ai_v1'),
    applications: [{ id: 'trustflow', name: 'TrustFlow' }],
  }
}

const withTexts = (
  { runbook, definition, ...rest }: PostmortemSource,
  texts: string[],
): PostmortemSource => ({
  ...infested(rest, texts, WORDS),
  ...(runbook === undefined ? {} : { runbook }),
  definition: flag => infested(definition(flag), texts, WORDS),
})

t.test('the words of people', async t => {
  for (const [name, template] of [
    ['the default form', undefined],
    ['a template', TEMPLATE],
  ] as const)
    t.test(`are text in ${name}, and change nothing of its outline`, async () => {
      const benign = outlineOf(postmortemOf(withTexts(source(template), ['x'])))
      assert.ok(benign.length > 10, benign.join())
      fc.assert(
        fc.property(
          fc.array(
            hostile.filter(text => oneLine(text) !== ''),
            { minLength: 1, maxLength: 8 },
          ),
          texts => {
            const text = postmortemOf(withTexts(source(template), texts))
            assertInert(text)
            assert.deepEqual(outlineOf(text), benign, text)
          },
        ),
        { numRuns: 60 },
      )
    })

  t.test('come back as they were when the Markdown is read', async () => {
    fc.assert(
      fc.property(
        hostile.map(oneLine).filter(text => text !== ''),
        text => {
          const markdown = markdownOf([bullets([words(text)])])
          assertInert(markdown)
          assert.equal(plainText(read(markdown)), text, markdown)
        },
      ),
    )
  })

  t.test('read naturally where they are plain', async () => {
    for (const text of [
      'ai_v1 is off (SEV-2): 5xx at 20 %, inflow.llm too - see step 3. Really!',
      'a -> b + c = d',
    ])
      assert.equal(markdownOf([bullets([words(text)])]), `- ${text}\n`)
  })
})

t.test('a template, whatever stands in it, is inert too', async () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 6 }), parts => {
      assertInert(postmortemOf(source(`# x\n${parts.join('\n')}`)))
    }),
    { numRuns: 60 },
  )
  const page =
    '[a]('.repeat(5_000) +
    '\n' +
    '> '.repeat(5_000) +
    '\n' +
    Array.from({ length: 2_000 }, (_, i) => `${' '.repeat(i)}- x`).join('\n')
  assertInert(postmortemOf(source(`# x\n${page.slice(0, 3_000)}`)))
  assert.ok(postmortemOf(source(`# x\n${page}`)).length > 0)
})
