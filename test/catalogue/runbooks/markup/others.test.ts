import assert from 'node:assert/strict'
import t from 'tap'
import { actionsOf, findingsOf, read, stepsOf } from '../reading.js'

t.test('AsciiDoc', async () => {
  const source =
    '= Payments\n:toc:\n\n== Go\n\n. Wait\n+\n[source,bash]\n----\nkillswitch kill ai_v1\n----\n. Look\n.. closely\n\n.At night\n====\n. Page them\n====\n\n|===\n|Issue |Action\n\n|Slow\n|Disable `kyc_v1`\n|===\n'
  assert.equal(read(source).title, 'Payments')
  assert.deepEqual(stepsOf(source), [
    'go/1 | Wait',
    'go/2 | Look',
    'go/2.1 | closely',
    'go/at-night/1 | Page them',
    'go/at-night/2 | Slow: Disable kyc_v1',
  ])
  assert.deepEqual(actionsOf(source), ['ai_v1=off@10 high', 'kyc_v1=off@23 high'])
})

t.test('an AsciiDoc table of another form is told', async () => {
  assert.deepEqual(findingsOf('== Go\n. Wait\n\n|===\n|a |b\n|c\n|===\n'), ['unread-list@4'])
})

t.test('reStructuredText', async () => {
  const source =
    'Payments\n========\n\nStop\n~~~~\n\n#. Wait\n#. Disable ``ai_v1``.\n\n.. code-block:: bash\n\n   # Restart it\n   kubectl rollout restart\n\n.. warning::\n\n   #. Page them\n\nBack\n~~~~\n\n#. Look\n'
  assert.deepEqual(stepsOf(source), [
    'stop/1 | Wait',
    'stop/2 | Disable ai_v1.',
    'stop/3 | Restart it',
    'stop/4 | Page them',
    'back/1 | Look',
  ])
})

t.test('a table of reStructuredText is told', async () => {
  const grid = '+---+---+\n| a | b |\n+===+===+\n| c | d |\n+---+---+\n'
  assert.deepEqual(findingsOf(`Go\n--\n\n#. Wait\n\n${grid}`), ['unread-list@6'])
})

t.test('Org', async () => {
  const source =
    '#+TITLE: Payments\n* Go\n1. Disable =ai_v1=\n2. Wait\n#+BEGIN_SRC sh\n# a command\n* x\n#+END_SRC\n* Back\n- [ ] Look\n'
  assert.equal(read(source).title, 'Payments')
  assert.deepEqual(stepsOf(source), [
    'go/1 | Disable ai_v1',
    'go/2 | Wait',
    'go/3 | a command',
    'back/1 | Look',
  ])
})

t.test('the wiki markup of Confluence', async () => {
  const source =
    'h1. Payments\nh2. Go\n# Disable {{ai_v1}}\n## closely\n# Wait\n{code:bash}\n# no item\nkubectl get pods\n{code}\n||Issue||Action||\n|Slow|Scale up|\n'
  assert.deepEqual(stepsOf(source), [
    'go/1 | Disable ai_v1',
    'go/1.1 | closely',
    'go/2 | Wait',
    'go/3 | no item',
    'go/4 | Slow: Scale up',
  ])
})

t.test('a markup that nobody reads is named, with its line and its items', async () => {
  const { findings } = read(
    '## Go\n1. Wait\n\n\\begin{enumerate}\n\\item Stop\n\\item Look\n\\end{enumerate}\n',
  )
  const told = findings.filter(({ code }) => code === 'unknown-markup')
  assert.equal(told[0]?.line, 4)
  assert.match(told[0]?.message ?? '', /LaTeX.*2 items/)
})

t.test('signs of a word processor are read as what they look like', async () => {
  const source = '## Go\n1. Disable “ai_v1”.\n2. Set ‘kyc\u200b_v1’ to ‘false’.\n3. Disable ｋｙｃ＿ｖ１.\n'
  assert.deepEqual(actionsOf(source), ['ai_v1=off@2 high', 'kyc_v1=off@3 high', 'kyc_v1=off@4 high'])
  assert.equal(
    read('## Go\n1. Wait\n\n## Post‑mortem (within 2 days)\n- x\n').postmortemDeadline?.minutes,
    2880,
  )
})
