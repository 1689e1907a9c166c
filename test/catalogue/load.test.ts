// Directories and files: what is read, and what is refused.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadCatalogue } from '../../src/catalogue/load.js'
import { readRunbooks } from '../../src/catalogue/runbooks/reader.js'
import { directory, type Files, faultsOf, file, flag, load } from './directory.js'

const PLAIN: Files = { 'shop.yaml': file(flag()) }

t.test('a flags directory', async t => {
  t.test('gives every definition with its defaults filled in', async t => {
    const { document, faults } = await load(t, { 'shop.yaml': `name: The shop\n${file(flag())}` })
    assert.deepEqual(faults, [])
    assert.deepEqual(document?.applications, [{ id: 'shop', name: 'The shop' }])
    assert.deepEqual(document?.flags, [
      {
        key: 'a.flag',
        application: 'shop',
        variants: { on: true, off: false },
        defaultVariant: 'on',
        killVariant: 'off',
        description: 'Something',
        owner: 'Somebody',
        effect: 'Nothing new is begun',
        killLabel: 'Turn a.flag off',
        restoreLabel: 'Turn a.flag on',
        killRole: 'operator',
        restoreRole: 'engineer',
        onStale: 'keep',
        metadata: {
          description: 'Something',
          owner: 'Somebody',
          effect: 'Nothing new is begun',
          killVariant: 'off',
        },
      },
    ])
  })

  t.test('keeps everything a definition says', async t => {
    const said = flag({
      killRole: 'killRole: engineer',
      restoreRole: 'restoreRole: owner',
      killLabel: 'killLabel: Stop it',
      restoreLabel: 'restoreLabel: Start it',
      staleAfterSeconds: 'staleAfterSeconds: 60',
      onStale: 'onStale: kill',
      message: 'message: Later',
      'x-team': 'x-team: 7',
    })
    const { document } = await load(t, { 'shop.yaml': file(said) })
    const { metadata, ...definition } = document!.flags[0]!
    assert.deepEqual(definition, {
      ...definition,
      killRole: 'engineer',
      restoreRole: 'owner',
      killLabel: 'Stop it',
      restoreLabel: 'Start it',
      staleAfterSeconds: 60,
      onStale: 'kill',
      message: 'Later',
    })
    assert.equal(metadata['x-team'], 7)
    assert.equal(metadata.staleAfterSeconds, 60)
  })

  t.test('reads .yml too, and neither README.md nor hidden files nor other endings', async t => {
    const { document } = await load(t, {
      ...PLAIN,
      'till.yml': file(flag({}, 'till')),
      'README.md': '# Read me',
      '.shop.yaml': 'not: read',
      'notes.txt': 'flags: {}',
      'runbooks/README.md': '# Read me',
      'runbooks/shop.md': '# Shop',
    })
    assert.deepEqual(
      document?.flags.map(({ key, application }) => [key, application]),
      [
        ['a.flag', 'shop'],
        ['till', 'till'],
      ],
    )
    assert.deepEqual(
      document?.runbooks.map(({ id }) => id),
      ['shop'],
    )
  })

  t.test('tells the faults of all files at once, by file and line', async t => {
    const found = await faultsOf(t, {
      'b.yaml': file(
        flag({ state: 'state: DISABLED', owner: undefined }),
        flag({ killVariant: 'killVariant: of' }, 'other'),
      ),
      'a.yaml': 'flags: {}\n',
    })
    assert.deepEqual(
      found.map(line => line.split(' ', 2).join(' ')),
      [
        'a.yaml:1: flags',
        'b.yaml:3: flags.a.flag.state',
        'b.yaml:6: flags.a.flag.metadata.owner',
        'b.yaml:18: flags.other.metadata.killVariant',
      ],
    )
    assert.equal(
      found[3],
      'b.yaml:18: flags.other.metadata.killVariant "of" is not one of its variants (on, off); did you mean "off"?',
    )
  })

  t.test('that is missing, empty or a file is a fault', async t => {
    const folder = directory(t, { 'file.txt': '' })
    const missing = await loadCatalogue({ flagsDir: join(folder, 'no') })
    assert.deepEqual(missing.faults, [
      {
        file: join(folder, 'no'),
        line: 1,
        message:
          'is not there, or is a link to nothing: restore it or remove it (the flags directory, KILLSWITCH_FLAGS_DIR)',
      },
    ])
    const [aFile] = (await loadCatalogue({ flagsDir: join(folder, 'file.txt') })).faults
    assert.match(aFile!.message, /^is not a directory: name the directory/)
    assert.deepEqual(await faultsOf(t, {}), [
      '.:1: holds no catalogue file: write one `<application>.yaml` for each application, or name another directory (KILLSWITCH_FLAGS_DIR)',
    ])
    const { faults } = await loadCatalogue({
      flagsDir: directory(t, PLAIN),
      runbooksDir: join(folder, 'none'),
    })
    assert.deepEqual(faults, [
      {
        file: join(folder, 'none'),
        line: 1,
        message:
          'is not there, or is a link to nothing: restore it or remove it (the runbooks directory, KILLSWITCH_RUNBOOKS_DIR)',
      },
    ])
  })
})

t.test('a file', async t => {
  const cases: [string, Files, string[]][] = [
    [
      'with a name that gives no id',
      { 'My Shop.yaml': file(flag()) },
      [
        "My Shop.yaml:1: gives no application id, which is the file's name: small letters, digits, `_` and `-`, then .yaml; rename it",
      ],
    ],
    [
      'that is not UTF-8',
      { 'shop.yaml': Buffer.from('# fine\nname: Caf\xe9\n', 'latin1') },
      ['shop.yaml:2: holds bytes that are not UTF-8: save the file as UTF-8'],
    ],
    [
      'with a NUL byte',
      { 'shop.yaml': 'flags:\n  a\0: 1\n' },
      ['shop.yaml:2: holds a NUL byte: the file is damaged or not text; restore it'],
    ],
    [
      'that is too long',
      { 'shop.yaml': '#'.repeat(300 * 1024) },
      ['shop.yaml:1: is 300 KiB long: at most 256 KiB; split the application'],
    ],
    [
      'that is a directory',
      { 'shop.yaml/x.txt': '' },
      ['shop.yaml:1: is not a regular file: remove it, or give it another name'],
    ],
    [
      'of the same application twice',
      { 'shop.yaml': file(flag()), 'shop.yml': file(flag({}, 'other')) },
      ['shop.yml:1: is the application "shop" once more (first shop.yaml): merge the two files'],
    ],
    [
      'with a key of another file',
      { 'a.yaml': file(flag()), 'b.yaml': `name: B\n${file(flag())}` },
      [
        'b.yaml:3: flags.a.flag is defined in a.yaml:2 already: a key belongs to one application; rename one of the two',
      ],
    ],
  ]
  for (const [name, files, expected] of cases) {
    t.test(`${name} is a fault`, async t => assert.deepEqual(await faultsOf(t, files), expected))
  }

  t.test('with a byte order mark and CRLF is read', async t => {
    const { faults } = await load(t, { 'shop.yaml': `\ufeff${file(flag()).replaceAll('\n', '\r\n')}` })
    assert.deepEqual(faults, [])
  })

  t.test('that links out of the directory is a fault, and one that links within is read', async t => {
    const folder = directory(t, { '..data/shop.yaml': file(flag()) })
    const outside = directory(t, { 'secret.yaml': 'password: 1' })
    symlinkSync(join('..data', 'shop.yaml'), join(folder, 'shop.yaml'))
    assert.deepEqual((await loadCatalogue({ flagsDir: folder })).faults, [])
    symlinkSync(join(outside, 'secret.yaml'), join(folder, 'other.yaml'))
    symlinkSync(join(folder, 'nothing'), join(folder, 'third.yaml'))
    assert.deepEqual((await loadCatalogue({ flagsDir: folder })).faults, [
      {
        file: join(folder, 'other.yaml'),
        line: 1,
        message: `is a link out of the directory (to ${JSON.stringify(join(outside, 'secret.yaml'))}): put the file itself there`,
      },
      {
        file: join(folder, 'third.yaml'),
        line: 1,
        message: 'is not there, or is a link to nothing: restore it or remove it',
      },
    ])
  })

  t.test(
    'that may not be read is a fault',
    {
      skip: process.getuid?.() === 0 && 'root reads everything',
    },
    async t => {
      const folder = directory(t, PLAIN)
      chmodSync(join(folder, 'shop.yaml'), 0)
      const { faults } = await loadCatalogue({ flagsDir: folder })
      assert.match(faults[0]!.message, /^may not be read by this process/)
    },
  )
})

t.test('runbooks', async t => {
  t.test('of the further directory take the place of those of the catalogue', async t => {
    const flagsDir = directory(t, {
      ...PLAIN,
      'runbooks/shop.md': '# Ours\n',
      'runbooks/other.md': '# Other\n',
    })
    const runbooksDir = directory(t, { 'shop.md': '# Theirs\n', 'third.md': '# Third\n' })
    const { document, places } = await loadCatalogue({ flagsDir, runbooksDir })
    assert.deepEqual(
      document?.runbooks.map(({ id, source, application }) => [id, source, application]),
      [
        ['other', '# Other\n', undefined],
        ['shop', '# Theirs\n', 'shop'],
        ['third', '# Third\n', undefined],
      ],
    )
    assert.deepEqual(document?.applications, [{ id: 'shop', name: 'shop', runbook: 'shop' }])
    assert.equal(places.runbooks.get('shop'), join(runbooksDir, 'shop.md'))
    assert.equal(document!.runbooks[1]!.digest, createHash('sha256').update('# Theirs\n').digest('hex'))
  })

  t.test('have the id their name gives, however a team writes it', async t => {
    const { document, faults } = await load(t, {
      ...PLAIN,
      'runbooks/Big Outage (v2).md': '# x',
      'runbooks/INCIDENT_RUNBOOK.md': '# x',
      'runbooks/Übung.MD': '# x',
    })
    assert.deepEqual(faults, [])
    assert.deepEqual(
      document!.runbooks.map(({ id }) => id),
      ['big-outage-v2', 'incident_runbook', 'ubung'],
    )
  })

  t.test('with a name that gives no id, or the id of another, are a fault with the cure', async t => {
    const found = await faultsOf(t, {
      ...PLAIN,
      'runbooks/Outage.md': '# x',
      'runbooks/outage.md': '# x',
      'runbooks/障害.md': '# x',
    })
    assert.deepEqual(found, [
      'runbooks/outage.md:1: would be the runbook "outage", as runbooks/Outage.md is already: rename one of the two',
      'runbooks/障害.md:1: gives no runbook id, which is made of the letters a to z and digits of the file\'s name: rename it, for example to "payments.md"',
    ])
  })

  t.test('over 512 KiB are in the document as a notice only, and not a fault', async t => {
    const source = `# Long\n\n${'1. Step\n'.repeat(80_000)}`
    const { document, faults } = await load(t, { ...PLAIN, 'runbooks/long.md': source })
    assert.deepEqual(faults, [])
    const [long] = document!.runbooks
    assert.match(long!.source, /^# long\n\nThis runbook is 626 KiB long, over the 512 KiB that are read/)
    assert.equal(long!.digest, createHash('sha256').update(source).digest('hex'))
  })

  t.test('that are not UTF-8 are read as what they are, and say so', async t => {
    const old = { 'runbooks/old.md': Buffer.from('# Caf\xe9\n\n1. Wait\n', 'latin1') }
    const { document } = await load(t, { ...PLAIN, ...old })
    const [runbook] = document!.runbooks
    assert.equal(runbook!.source, '# Café\n\n1. Wait\n')
    assert.equal(runbook!.digest, createHash('sha256').update(runbook!.source).digest('hex'))
    const [read] = await readRunbooks(document!.runbooks, [])
    assert.deepEqual(
      read!.findings.map(({ code, line }) => `${code}@${line}`),
      ['wrong-encoding@1'],
    )
  })

  t.test('that hold no text are in the document by what they are', async t => {
    const { document } = await load(t, {
      ...PLAIN,
      'runbooks/old.md': Buffer.from('%PDF-1.7\0\xff', 'latin1'),
    })
    assert.match(document!.runbooks[0]!.source, /^# old\n\nThis file is a PDF,/)
    const [read] = await readRunbooks(document!.runbooks, [])
    assert.match(read!.findings[0]!.message, /a PDF and was not read/)
  })

  t.test('of 8 MiB together are a fault that names the largest', async t => {
    const many = Object.fromEntries(
      Array.from({ length: 18 }, (_, at) => [`runbooks/r${at}.md`, '#'.repeat(500_000 + at)]),
    )
    const [found] = await faultsOf(t, { ...PLAIN, ...many })
    assert.match(
      found!,
      /^\.:1: makes a catalogue of 8\.6 MiB, .* at most 8 MiB; remove or split runbooks \(the largest: r17: 489 KiB, r16/,
    )
  })
})
