// The digest names the definitions, not where they came from.

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { digestCatalogue } from '../../src/catalogue/digest.js'
import { loadCatalogue } from '../../src/catalogue/load.js'
import { directory, type Files, file, flag, load } from './directory.js'

t.test('the digest', async t => {
  const files: Files = {
    'shop.yaml': `runbook: shop\n${file(flag(), flag({}, 'b.flag'))}links:\n  - { step: shop/x/1, flag: b.flag, direction: kill }\n`,
    'till.yaml': file(flag({}, 'till')),
    'runbooks/shop.md': '# Shop\n',
  }

  t.test('does not follow directory, time or the order of files and members', async t => {
    const first = directory(t, files)
    const second = directory(t, {})
    for (const name of Object.keys(files).reverse()) {
      mkdirSync(join(second, 'runbooks'), { recursive: true })
      cpSync(join(first, name), join(second, name))
      utimesSync(join(second, name), 1, 1)
    }
    const swapped = (files['till.yaml'] as string).replace('on: true, off: false', 'off: false, on: true')
    writeFileSync(join(second, 'till.yaml'), swapped)
    const one = await loadCatalogue({ flagsDir: first })
    const other = await loadCatalogue({ flagsDir: second })
    assert.match(one.document!.digest, /^[0-9a-f]{64}$/)
    assert.equal(one.document!.digest, other.document!.digest)
  })

  t.test('can be recomputed from the stored document, and follows every part of it', async t => {
    const { document } = await load(t, files)
    assert.equal(digestCatalogue(JSON.parse(JSON.stringify(document))), document!.digest)
    for (const name of Object.keys(files)) {
      const changed = {
        ...files,
        [name]: String(files[name]).replace('Something', 'Anything').replace('# Shop', '# Shop!'),
      }
      assert.notEqual((await load(t, changed)).document!.digest, document!.digest, name)
    }
  })
})
