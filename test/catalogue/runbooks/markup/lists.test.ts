import assert from 'node:assert/strict'
import t from 'tap'
import { actionsOf, findingsOf, read, stepsOf } from '../reading.js'

const MARKS: readonly (readonly [name: string, first: string, second: string, third: string])[] = [
  ['letters in brackets', 'a)', 'b)', 'c)'],
  ['letters with a dot', 'a.', 'b.', 'c.'],
  ['capitals', 'A.', 'B.', 'C.'],
  ['letters in both brackets', '(a)', '(b)', '(c)'],
  ['Roman numbers', 'i.', 'ii.', 'iii.'],
  ['Roman capitals', 'I)', 'II)', 'III)'],
  ['numbers in both brackets', '(1)', '(2)', '(3)'],
  ['numbers and a slash', '1/', '2/', '3/'],
  ['numbers and a dash', '1 -', '2 -', '3 -'],
  ['numbers in circles', '①', '②', '③'],
  ['wide numbers', '１．', '２．', '３．'],
  ['numbers and an ideographic comma', '1、', '2、', '3、'],
  ['keycaps', '1️⃣', '2️⃣', '3️⃣'],
  ['steps with a colon', 'Step 1:', 'Step 2:', 'Step 3:'],
  ['steps with a dash', 'Step 1 -', 'Step 2 -', 'Step 3 -'],
  ['steps in German', 'Schritt 1:', 'Schritt 2:', 'Schritt 3:'],
]

for (const [name, ...marks] of MARKS) {
  t.test(`${name} are a list, and no part of the steps`, async () => {
    const [one, two, three] = marks
    const source = `## Go\n${one} Page somebody\n${two} Disable \`ai_v1\`\n${three} Wait\n`
    assert.deepEqual(stepsOf(source), ['go/1 | Page somebody', 'go/2 | Disable ai_v1', 'go/3 | Wait'])
    assert.deepEqual(actionsOf(source), ['ai_v1=off@3 high'])
  })

  t.test(`${name} go on behind text that belongs to an item`, async () => {
    const [one, two] = marks
    const source = `## Go\n${one} Page somebody\n\n   And tell them why.\n\n${two} Wait\n`
    assert.deepEqual(stepsOf(source), ['go/1 | Page somebody', 'go/2 | Wait'])
  })

  t.test(`${name} are nested below a numbered item`, async () => {
    const [one, two] = marks
    const source = `## Go\n1. Page them:\n   ${one} the lead\n   ${two} the owner\n2. Wait\n`
    assert.deepEqual(stepsOf(source), [
      'go/1 | Page them:',
      'go/1.1 | the lead',
      'go/1.2 | the owner',
      'go/2 | Wait',
    ])
  })
}

t.test('a tenth letter and what is nested in it keep their places', async () => {
  const items = Array.from('abcdefghijk', letter => `${letter}) Look at ${letter}\n   - Check it\n`).join('')
  const steps = read(`## Go\n${items}`).steps
  assert.deepEqual(
    steps.map(({ ordinal }) => ordinal),
    Array.from({ length: 11 }, (_, at) => [`${at + 1}`, `${at + 1}.1`]).flat(),
  )
  assert.equal(steps[20]?.line, 22)
})

t.test('one mark alone, a name or an abbreviation is no list', async () => {
  for (const prose of ['i. e. what it says', 'A. Turing wrote it', '(a) alone', 'c) and d) follow'])
    assert.deepEqual(stepsOf(`## Go\n${prose}\n\n1. Wait\n`), ['go/1 | Wait'], prose)
})

t.test('marks in a fence, in a comment and in front matter are none', async () => {
  const source =
    '---\na) x\nb) y\n---\n## Go\n1. Wait\n```\na) x\nb) y\n```\n<!--\na) x\n\nb) y\n-->\n2. Look\n'
  assert.deepEqual(stepsOf(source), ['go/1 | Wait', 'go/2 | Look'])
})

t.test('signs that stand for bullets are bullets, and boxes are tasks', async () => {
  const source = '## Go\n• Check it\n• Restart it\n\n☐ Page them\n☑ Stop it\n\n➜ Look at it\n➜ Watch it\n'
  const kinds = read(source).steps.map(({ kind, text }) => `${kind} ${text}`)
  assert.deepEqual(kinds, [
    'bullet Check it',
    'bullet Restart it',
    'task Page them',
    'task Stop it',
    'bullet Look at it',
    'bullet Watch it',
  ])
})

t.test('several numbers in a line are several steps on that line', async () => {
  const source = '## Go\n1. Page them. 2. Disable `kyc_v1`. 3. Wait.\n4. Look.\n'
  assert.deepEqual(stepsOf(source), [
    'go/1 | Page them.',
    'go/2 | Disable kyc_v1.',
    'go/3 | Wait.',
    'go/4 | Look.',
  ])
  assert.deepEqual(actionsOf(source), ['kyc_v1=off@2 high'])
  assert.deepEqual(stepsOf('## Go\nDo this: 1) page them 2) wait\n'), ['go/1 | page them', 'go/2 | wait'])
  assert.deepEqual(stepsOf('## Go\n- Restart both: (1) the API (2) the queue\n'), [
    'go/1 | Restart both:',
    'go/1.1 | the API',
    'go/1.2 | the queue',
  ])
})

t.test('a number that is part of a sentence begins no step', async () => {
  const one = '1. Go back to version 2. 3 pods are enough. Then wait.'
  assert.deepEqual(stepsOf(`## Go\n${one}\n`), [`go/1 | ${one.slice(3)}`])
  assert.deepEqual(stepsOf('## Go\n1. Set `x 2. 3.` and wait for 2. It takes long.\n').length, 1)
})

t.test('numbers in a sentence that may be steps are told', async () => {
  const source = '## Go\n1. Wait\n\n## How\nIt depends on (1) the queue and (2) the store.\n'
  assert.deepEqual(findingsOf(source), ['unread-list@5'])
})

t.test('a cell that lists things has them as steps', async () => {
  const source = '## Go\n| Issue | Action |\n|---|---|\n| Slow | 1. Scale up<br>2. Disable `ai_v1` |\n'
  assert.deepEqual(stepsOf(source), ['go/1 | Slow', 'go/1.1 | Scale up', 'go/1.2 | Disable ai_v1'])
  assert.deepEqual(actionsOf(source), ['ai_v1=off@4 high'])
})
