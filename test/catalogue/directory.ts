// A flags directory of a test's own, removed after it, and the faults of it as the lines a person reads.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { type LoadedCatalogue, loadCatalogue } from '../../src/catalogue/load.js'

export type Files = Record<string, string | Uint8Array>

export function directory(t: Test, files: Files): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'killswitch-flags-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

export const load = (t: Test, files: Files): Promise<LoadedCatalogue> =>
  loadCatalogue({ flagsDir: directory(t, files) })

/** `shop.yaml:3: message` for each fault, without the directory. */
export async function faultsOf(t: Test, files: Files): Promise<string[]> {
  const folder = directory(t, files)
  const { document, faults } = await loadCatalogue({ flagsDir: folder })
  if (document !== undefined && faults.length > 0) throw new Error('a document beside faults')
  return faults.map(({ file, line, message }) =>
    `${file}:${line}: ${message}`.replaceAll(`${folder}/`, '').replaceAll(folder, '.'),
  )
}

/** A flag without a fault; `changes` replace whole lines by what they begin with, or add below metadata. */
export function flag(changes: Record<string, string | undefined> = {}, key = 'a.flag'): string {
  const lines = [
    `  ${key}:`,
    '    state: ENABLED',
    '    variants: { on: true, off: false }',
    '    defaultVariant: on',
    '    metadata:',
    '      description: Something',
    '      owner: Somebody',
    '      effect: Nothing new is begun',
    '      killVariant: off',
  ]
  for (const [name, replacement] of Object.entries(changes)) {
    const at = lines.findIndex(line => line.trim().startsWith(`${name}:`))
    const added = replacement === undefined ? [] : [replacement]
    if (at === -1) lines.push(...added.map(line => `      ${line}`))
    else lines.splice(at, 1, ...added.map(line => `${/^ */.exec(lines[at]!)![0]}${line}`))
  }
  return `${lines.join('\n')}\n`
}

export const file = (...flags: string[]): string => `flags:\n${flags.join('')}`

/** A case is: what is wrong, the file's text, and the faults it gives as a person reads them. */
export function cases(name: string, all: [string, string, ...string[]][]): void {
  t.test(name, async t => {
    for (const [what, text, ...expected] of all) {
      t.test(what, async t => assert.deepEqual(await faultsOf(t, { 'shop.yaml': text }), expected))
    }
  })
}

/** A file of one flag with some lines changed; the flag's key is on its second line. */
export const changed = (changes: Record<string, string | undefined>, key?: string): string =>
  file(flag(changes, key))

/** A fault of that flag: what follows its path. */
export const of = (line: number, rest: string): string => `shop.yaml:${line}: flags.a.flag${rest}`
