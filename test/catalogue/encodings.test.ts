import assert from 'node:assert/strict'
import t from 'tap'
import { decode } from '../../src/catalogue/encodings.js'

const TEXT = '# Größe\n\n1. Wait\n'
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16()

t.test('the bytes of a file', async t => {
  t.test('are UTF-8 where they can be, with a mark or without', async () => {
    assert.deepEqual(decode(Buffer.from(TEXT)), { text: TEXT })
    assert.deepEqual(decode(Buffer.from(`\ufeff${TEXT}`)), { text: `\ufeff${TEXT}` })
    assert.deepEqual(decode(Buffer.alloc(0)), { text: '' })
    assert.deepEqual(decode(Buffer.from('a\0b')), { text: 'a\0b' })
  })

  t.test('are UTF-16 by their mark, or by their NULs', async () => {
    const little = Buffer.from(TEXT, 'utf16le')
    const marked = Buffer.from(`\ufeff${TEXT}`, 'utf16le')
    for (const bytes of [little, marked])
      assert.deepEqual(decode(bytes), { text: TEXT, encoding: 'UTF-16LE' })
    for (const bytes of [little, marked])
      assert.deepEqual(decode(swapped(bytes)), { text: TEXT, encoding: 'UTF-16BE' })
  })

  t.test('are Windows-1252 where every byte of it stands for something', async () => {
    const { text, encoding } = decode(Buffer.from('# Gr\xf6\xdfe \x93x\x94\n', 'latin1'))
    assert.equal(text, '# Größe “x”\n')
    assert.match(encoding ?? '', /Windows-1252/)
    assert.match(decode(Buffer.from('a\x81\xff', 'latin1')).encoding ?? '', /^neither/)
  })

  t.test('stay UTF-8 where a few of them are damaged', async () => {
    const bytes = Buffer.concat([Buffer.from('# Größe – “x”\n'), Buffer.from([0xe9])])
    assert.deepEqual(decode(bytes), { text: '# Größe – “x”\n\ufffd' })
  })

  t.test('are named where they are no text', async () => {
    const named = (start: string) => decode(Buffer.from(`${start}\0\0\0x`, 'latin1'))
    assert.deepEqual(named('%PDF-1.7'), { text: undefined, encoding: 'a PDF' })
    assert.match(named('PK\x03\x04').encoding ?? '', /ZIP/)
    assert.equal(named('\xfe\x81x').text, undefined)
  })
})
