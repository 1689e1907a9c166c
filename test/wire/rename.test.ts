// A member that is renamed in a shape stops the compilation of whoever reads or writes it: of the CLI and of the SDK.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { ROOT } from '../support/server.js'
import { testdir } from '../support/testdir.js'

/** What the compiler has to find: in the CLI by the member's name, in the SDK by the shape's. */
const IN_CLI: [file: string, member: string][] = [
  ['flag.ts', 'holds'],
  ['flip.ts', 'convergence'],
  ['convergence.ts', 'detail'],
  ['entry.ts', 'offRunbook'],
  ['incident.ts', 'clock'],
  ['incident-act.ts', 'leave'],
  ['runbook.ts', 'flagActions'],
  ['housekeeping.ts', 'unattended'],
  ['instance.ts', 'lastHeardAt'],
  ['audit.ts', 'examined'],
]
/** Members that may be missing: two types can be assigned to one another and not have the same. */
const IN_SDK: [file: string, member: string, shapes: string[]][] = [
  ['receipt.ts', 'fork', ['Receipt']],
  ['snapshot.ts', 'checkpoint', ['Heartbeat']],
  ['snapshot.ts', 'message', ['Snapshot']],
  ['snapshot.ts', 'incident', ['Change']],
]

t.test('is found by the compiler', async t => {
  const copy = testdir(t)
  for (const folder of ['src', 'sdk/src']) cpSync(join(ROOT, folder), join(copy, folder), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'))
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'))
  const files = ['src/cli/index.ts', 'sdk/src/index.ts', 'sdk/src/testing.ts']
  const options = { ...compilerOptions, rootDir: '.', noEmit: true }
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }))
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace(/package\.json$/, 'bin/tsc')
  const compile = () => spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: copy, encoding: 'utf8' }).stdout
  assert.equal(compile(), '')
  for (const [file, member] of [...IN_CLI, ...IN_SDK]) {
    const path = join(copy, 'src/wire', file)
    const text = readFileSync(path, 'utf8')
    const renamed = text
      .replace(new RegExp(`^( +)${member}:`, 'gm'), `$1${member}Renamed:`)
      .replace(new RegExp(`^( +)${member},$`, 'gm'), `$1${member}Renamed: ${member},`)
    assert.notEqual(renamed, text, `${file} has a member ${member}`)
    writeFileSync(path, renamed)
  }
  const said = compile()
  for (const [, member] of IN_CLI) assert.match(said, new RegExp(`^src/cli/.*'${member}'`, 'm'))
  for (const shape of IN_SDK.flatMap(([, , shapes]) => shapes))
    assert.match(said, new RegExp(`^sdk/src/follow/wire\\.ts.*'${shape}'`, 'm'))
})
