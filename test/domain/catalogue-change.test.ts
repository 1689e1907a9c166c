import assert from 'node:assert/strict'
import t from 'tap'
import { catalogueChange, catalogueWords, mayConcern } from '../../src/domain/catalogue/catalogue-change.js'
import type { CatalogueDocument } from '../../src/wire/catalogue.js'
import { aCatalogue, aFlag } from '../support/domain.js'

const runbook = (id: string, source: string) => ({ id, source, digest: `digest of ${source}` })
const withRunbooks = (document: CatalogueDocument, ...runbooks: ReturnType<typeof runbook>[]) => ({
  ...document,
  runbooks,
})
const steps = new Map([
  ['digest of one', 3],
  ['digest of two', 4],
  ['digest of single', 1],
])
const wordsOf = (before: CatalogueDocument, now: CatalogueDocument) => {
  const change = catalogueChange(before, now, steps)
  return change && catalogueWords({ catalogueChange: change })
}

t.test('what a catalogue changed', async t => {
  t.test('is its flags, with what was and is where that is short', async () => {
    const ai = aFlag('ai_v1')
    const other = { ...ai, killRole: 'engineer', variants: { ...ai.variants, third: 'x' } } as typeof ai
    const change = catalogueChange(aCatalogue(ai, aFlag('gone')), aCatalogue(other, aFlag('new')), steps)
    assert.deepEqual(change?.flags, {
      added: ['new'],
      removed: ['gone'],
      changed: [
        {
          flag: 'ai_v1',
          members: [{ name: 'variants' }, { name: 'killRole', was: ai.killRole, now: 'engineer' }],
        },
      ],
    })
    assert.equal(
      catalogueWords({ catalogueChange: change as NonNullable<typeof change> }),
      `Catalogue: flags added new; flags removed gone; flags changed ai_v1 (variants, killRole ${ai.killRole} -> engineer)`,
    )
  })

  t.test('is its runbooks, with how many steps they have, where that is known', async () => {
    const flags = aCatalogue(aFlag('ai_v1'))
    const before = withRunbooks(flags, runbook('kept', 'one'), runbook('old', 'single'), runbook('odd', 'x'))
    const now = withRunbooks(flags, runbook('kept', 'two'), runbook('fresh', 'one'), runbook('odd', 'y'))
    assert.equal(
      wordsOf(before, now),
      'Catalogue: runbooks added fresh (3 steps); runbooks removed old (1 step); runbooks changed kept (3 -> 4 steps), odd',
    )
  })

  t.test('is told in one sentence, whatever there is of it', async () => {
    const before = aCatalogue(aFlag('ai_v1'))
    const many = aCatalogue(...['a', 'b', 'c', 'd', 'e'].map(key => aFlag(key)))
    assert.equal(wordsOf(before, many), 'Catalogue: flags added a, b, c and 2 more; flags removed ai_v1')
    const linked = { ...before, links: [{ step: 's', flag: 'ai_v1', direction: 'kill', file: 'f', line: 1 }] }
    assert.equal(wordsOf(before, linked as CatalogueDocument), 'Catalogue: also changed links')
    assert.equal(wordsOf(before, before), 'Catalogue: the same flags and runbooks in another order')
    assert.equal(catalogueChange(undefined, before, steps), undefined)
    assert.equal(catalogueWords({}), undefined)
  })

  t.test('may be of one application, or surely of another', async () => {
    const [ai, kyc] = [aFlag('ai_v1'), aFlag('kyc_v1')]
    const after = aCatalogue({ ...ai, owner: 'nobody' }, kyc)
    const change = catalogueChange(aCatalogue(ai, kyc), after, steps)
    const entry = { catalogueChange: change as NonNullable<typeof change> }
    assert.deepEqual(
      [['ai_v1'], ['kyc_v1'], []].map(flags => mayConcern(entry, flags, undefined)),
      [true, false, true],
    )
    assert.equal(mayConcern({}, ['kyc_v1'], undefined), true)
  })
})
