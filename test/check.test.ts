// The program behind `npm run check`, run as a process: what it prints, and what it ends with.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { directory, file, flag } from './catalogue/directory.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = join(ROOT, '.build', 'src', 'cli', 'index.js')

function check(args: string[], env: Record<string, string> = {}) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, 'check', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  })
  return { lines: stdout.trimEnd().split('\n'), stdout, stderr, status }
}

const KILLED_ONLY = {
  'shop.yaml': file(flag()),
  'runbooks/shop.md': '# Shop\n\n## Outage\n\n1. Look around\n2. Disable `a.flag`\n',
}

t.test('the check', async t => {
  t.test('of our catalogue ends well, and names runbooks, steps and lines', async () => {
    const { lines, status, stdout } = check(['--flags', 'flags'])
    assert.equal(status, 0)
    assert.match(lines[0]!, /^catalogue [0-9a-f]{12}: 5 applications, 7 flags, 5 runbooks, 7 links$/)
    assert.equal(lines.at(-1), '0 faults, 0 findings')
    assert.match(
      stdout,
      /^runbook inflow {2}flags\/runbooks\/inflow\.md {2}Inflow: what to do in an incident$/m,
    )
    assert.match(stdout, /^ +\d+ {2}kill {5}inflow\.llm -> off {2}inflow\/.*\/3 \(\w{5,}, by a link\)$/m)
    assert.ok(!stdout.includes('\u001b'), 'colour without a terminal')
  })

  t.test('ends with 1 on a fault', async t => {
    const folder = directory(t, { 'shop.yaml': file(flag({ killVariant: 'killVariant: of' })) })
    const { lines, status } = check(['--flags', folder])
    assert.equal(status, 1)
    assert.ok(
      lines.includes(
        `${join(folder, 'shop.yaml')}:10: flags.a.flag.metadata.killVariant "of" is not one of its variants (on, off); did you mean "off"?`,
      ),
    )
    assert.equal(lines.at(-1), '1 fault, 0 findings')
  })

  t.test('ends with 0 on a finding, and with 1 where that is asked', async t => {
    const folder = directory(t, KILLED_ONLY)
    const { lines, status } = check(['--flags', folder])
    assert.equal(status, 0)
    assert.match(
      lines.at(-3)!,
      /runbooks\/shop\.md:6: shop\/outage\/2 kills a\.flag, and no step .* \[kill-without-restore-step\]$/,
    )
    assert.equal(check(['--flags', folder, '--strict']).status, 1)
  })

  t.test('takes the directories of the environment, and arguments before them', async t => {
    const folder = directory(t, KILLED_ONLY)
    const further = directory(t, { 'shop.md': '# Another\n\n1. Enable `a.flag`\n2. Disable `a.flag`\n' })
    const env = { KILLSWITCH_FLAGS_DIR: folder, KILLSWITCH_RUNBOOKS_DIR: further }
    assert.equal(check([], env).lines.at(-1), '0 faults, 0 findings')
    assert.match(check([], env).stdout, /^runbook shop {2}\S+shop\.md {2}Another$/m)
    assert.match(check(['--flags', 'flags'], { KILLSWITCH_FLAGS_DIR: folder }).lines[0]!, /5 applications/)
  })

  t.test('prints JSON, and every step, where asked', async t => {
    const folder = directory(t, KILLED_ONLY)
    const { runbooks, findings, faults } = JSON.parse(check(['--flags', folder, '--json']).stdout)
    assert.deepEqual([runbooks.length, findings[0].line, faults], [1, 6, []])
    assert.match(
      check(['--flags', folder, '--steps']).stdout,
      /^ +5 {2}\w+ {2}shop\/outage\/1 {2}Look around$/m,
    )
  })

  t.test('shows an example in its help, and refuses what it does not know', async () => {
    const help = check(['--help'])
    assert.equal(help.status, 0)
    assert.match(help.stdout, /npm run check -- --flags/)
    const unknown = check(['--flag', 'flags'])
    assert.equal(unknown.status, 1)
    assert.match(unknown.stderr, /unknown option '--flag'[\s\S]*--flags/)
  })
})
