// Whatever stands in a catalogue file is read or refused; nothing is thrown, and nothing takes long.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { faultsOf, file, flag, load } from './directory.js'

t.test('whatever stands in a file', async t => {
  const ending = { numRuns: 150 }
  const loads = (t: Parameters<typeof load>[0], text: string | Uint8Array) => load(t, { 'shop.yaml': text })

  t.test('garbage is a fault, never an exception', async t => {
    const words = fc.constantFrom(
      'flags:',
      '  a:',
      '- ',
      '{',
      '}',
      '[',
      '*a',
      '&a ',
      '!!set ',
      '<<: ',
      '"',
      '|\n',
      '\n',
      '? ',
      '%YAML 1.1\n',
      '---\n',
      '\t',
      ': ',
      '~',
      '.inf',
    )
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words, { maxLength: 40 }).map(parts => parts.join('')),
    )
    await fc.assert(
      fc.asyncProperty(garbage, async text => {
        const { document, faults } = await loads(t, text)
        assert.ok(document === undefined && faults.length > 0)
        for (const { line, message } of faults) assert.ok(line >= 1 && message !== '')
      }),
      ending,
    )
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), async bytes => {
        assert.ok((await loads(t, Buffer.from(bytes))).faults.length > 0)
      }),
      ending,
    )
  })

  t.test('a good file with one line damaged is read or refused, never an exception', async t => {
    const good = file(flag(), flag({}, 'b.flag')).split('\n')
    const junk = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '    - x',
        '  a.flag: 1',
        '      killVariant: [a]',
        '    variants: *x',
        '    targeting: { if: [1] }',
        '    metadata: null',
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), junk, async (at, line) => {
        const { document, faults } = await loads(t, good.with(at, line).join('\n'))
        assert.equal(document === undefined, faults.length > 0)
      }),
      ending,
    )
  })

  for (const [name, text] of [
    ['flow lists', '['.repeat(100_000)],
    ['flow maps', '{a: '.repeat(60_000)],
    ['block lists', '- '.repeat(100_000)],
    ['maps by indentation', Array.from({ length: 600 }, (_, at) => `${' '.repeat(at)}k:`).join('\n')],
  ] as const) {
    t.test(`${name} nested without end are a fault`, async t => {
      const [found] = await faultsOf(t, { 'shop.yaml': text })
      assert.match(found!, /^shop\.yaml:\d+: is nested more than 40 levels deep/)
    })
  }

  t.test('a bomb of aliases is a fault for each alias', async t => {
    const bomb = ['a: &a [x, x]', 'b: &b [*a, *a]', 'c: &c [*b, *b]'].join('\n')
    const found = await faultsOf(t, { 'shop.yaml': bomb })
    assert.equal(found.filter(line => line.includes('is an alias')).length, 4)
    assert.ok(
      found.includes(
        'shop.yaml:2: b[1] is an alias (*a): write the value out, so that who reads the file at night sees it',
      ),
    )
  })
})
