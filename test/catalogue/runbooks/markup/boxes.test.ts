import assert from 'node:assert/strict'
import t from 'tap'
import { actionsOf, findingsOf, read, stepsOf } from '../reading.js'

t.test('a box of MkDocs holds steps under its title, and only those', async () => {
  const source = '## Go\n??? danger "Only at night"\n    1. Disable `ai_v1`\n\n    2. Wait\n\n1. Look\n'
  assert.deepEqual(stepsOf(source), [
    'go/only-at-night/1 | Disable ai_v1',
    'go/only-at-night/2 | Wait',
    'go/1 | Look',
  ])
  // what stands below "Only at night" is asked about
  assert.deepEqual(actionsOf(source), ['ai_v1=off@3 low'])
})

t.test('a box inside an item belongs to the item', async () => {
  const source = '## Go\n1. Look\n\n    !!! note\n        Disable `ai_v1`.\n\n2. Wait\n'
  assert.deepEqual(stepsOf(source), ['go/1 | Look', 'go/2 | Wait'])
  assert.deepEqual(actionsOf(source), ['ai_v1=off@5 high'])
})

t.test('the colons of a box are in no step', async () => {
  for (const open of [':::warning', '::: tip', '::: {.danger}', '::::caution'])
    assert.deepEqual(
      stepsOf(`## Go\n${open}\n1. Wait\n${open.replace(/[^:]/g, '')}\n`),
      ['go/1 | Wait'],
      open,
    )
  for (const open of [':::warning At night', ':::warning[At night]', '::: {.x title="At night"}'])
    assert.deepEqual(
      stepsOf(`## Go\n${open}\n1. Wait\n:::\n1. Look\n`),
      ['go/at-night/1 | Wait', 'go/1 | Look'],
      open,
    )
})

t.test("the sign of GitHub's boxes is no text", async () => {
  assert.deepEqual(stepsOf('## Go\n> [!CAUTION]\n> Disable `ai_v1`\n'), ['go/1 | Disable ai_v1'])
})

t.test('lists and tables of HTML are read, with their lines', async () => {
  const source =
    '## Go\n<ol>\n<li>Wait</li>\n\n<li>Disable <code>ai_v1</code><ul><li>Check it</li></ul></li>\n</ol>\n\n<table>\n<tr><th>Issue</th><th>Action</th></tr>\n<tr><td>Slow</td><td>Disable `kyc_v1`</td></tr>\n</table>\n'
  assert.deepEqual(stepsOf(source), [
    'go/1 | Wait',
    'go/2 | Disable ai_v1',
    'go/2.1 | Check it',
    'go/3 | Slow: Disable kyc_v1',
  ])
  assert.deepEqual(actionsOf(source), ['ai_v1=off@5 high', 'kyc_v1=off@10 high'])
})

t.test('a list of HTML in the middle of a line, and one that never ends, are read', async () => {
  assert.deepEqual(stepsOf('## Go\nDo: <ol><li>Wait</li><li>Look</li></ol>\n'), [
    'go/1 | Wait',
    'go/2 | Look',
  ])
  assert.deepEqual(stepsOf('## Go\n<ul>\n<li>Check it\n<li>Restart it\n\n## End\n1. Wait\n'), [
    'go/1 | Check it',
    'go/2 | Restart it',
    'end/1 | Wait',
  ])
})

t.test('what is folded or wrapped is Markdown, also without blank lines', async () => {
  const source = '## Go\n<details><summary>By hand</summary>\n1. Wait\n</details>\n<div>\n1. Look\n</div>\n'
  assert.deepEqual(stepsOf(source), ['go/by-hand/1 | Wait', 'go/1 | Look'])
})

t.test('a comment is no text, and one without an end is told', async () => {
  assert.deepEqual(findingsOf('## Go\n1. Wait <!-- FLUSHALL -->\n<!--\n\nFLUSHALL\n-->\n2. Look\n'), [])
  assert.deepEqual(findingsOf('## Go\n1. Wait\n\n<!-- 2. Look\n'), ['unknown-markup@4'])
})

t.test('MDX: imports are no text, components are transparent, their titles are labels', async () => {
  const source =
    'import { Steps } from \'@x/y\'\n\n# T\n\n## Go\n\n<Steps>\n  <Step title="Stop it">\n    1. Disable `ai_v1`\n  </Step>\n</Steps>\n<Callout>Restart `x`.</Callout>\n1. Wait\n'
  assert.deepEqual(stepsOf(source), ['go/stop-it/1 | Disable ai_v1', 'go/1 | Wait'])
  assert.equal(read(source).title, 'T')
})
