import assert from 'node:assert/strict'
import t from 'tap'
import { markdownOf, paragraph, words } from '../../src/text/markdown.js'

t.test('what people wrote calls nobody and leads nowhere', async () => {
  const written = (text: string) => markdownOf([paragraph(words(text))]).trim()
  assert.equal(written('ask @everyone (@org/team) now'), 'ask `@everyone` (`@org/team`) now')
  assert.equal(written('ana@b.example, at 3 @ night'), '`ana@b.example`, at 3 @ night')
  assert.equal(written('[a](https://b.example)'), '\\[`a](https://b.example`)')
})
