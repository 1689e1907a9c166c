import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { cleaned, hasOdd, linesOf, oneLine } from '../../src/text/characters.js'
import { inChat } from '../../src/text/chat.js'
import { inertJson } from '../../src/text/json.js'
import { ACTS, hostile } from '../support/hostile.js'

t.test('a text that is shown', async t => {
  t.test('has nothing that acts or hides, on one line or on its own', async () => {
    fc.assert(
      fc.property(hostile, text => {
        assert.doesNotMatch(oneLine(text), ACTS)
        assert.doesNotMatch(oneLine(text), /\n|^ | $| {2}/)
        for (const line of linesOf(text)) assert.doesNotMatch(line, /\n/)
        assert.doesNotMatch(linesOf(text).join('\n'), ACTS)
        assert.equal(oneLine(oneLine(text)), oneLine(text))
      }),
    )
  })

  t.test('is what people write, in their scripts and with their signs', async () => {
    for (const text of [
      'ai_v1 - 5xx: 20 %',
      'Grüße, 東京',
      'می\u200cخواهم',
      '⚠\ufe0f 👩\u200d💻',
      'क्\u200dष',
    ])
      assert.deepEqual([oneLine(text), cleaned(text), hasOdd(text)], [text, text.normalize('NFC'), false])
    assert.equal(oneLine('a\u200bb\u00adc\ufe0f\u200d'), 'abc')
  })
})

t.test('a text that comes in is cleaned and in NFC, and keeps its lines', async () => {
  assert.equal(cleaned('e\u0301 a\r\nb\u0000\u202e\tc \ud800'), 'é a\nb c \ufffd')
  fc.assert(
    fc.property(hostile, text => {
      const kept = cleaned(text)
      assert.doesNotMatch(kept, ACTS)
      assert.deepEqual([cleaned(kept), kept.normalize('NFC'), hasOdd(kept)], [kept, kept, false])
    }),
  )
})

t.test('JSON says the same, and has no character that acts', async () => {
  fc.assert(
    fc.property(fc.array(hostile), texts => {
      const json = inertJson(JSON.stringify({ texts }, null, 2))
      assert.deepEqual(JSON.parse(json), { texts })
      assert.doesNotMatch(json, ACTS)
    }),
  )
})

t.test('in a chat nobody is mentioned, and no link is hidden', async () => {
  assert.equal(
    inChat('<!channel> [a](b) @here ana@b.example\nx'),
    '&lt;!channel&gt; [a] (b) @ here ana@b.example x',
  )
  fc.assert(
    fc.property(hostile, text => {
      assert.doesNotMatch(inChat(text), ACTS)
      assert.doesNotMatch(inChat(text), /[<>\n]|\]\(|(^|[\s(<])@\p{L}/u)
    }),
  )
})
