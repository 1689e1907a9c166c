// Flags by every key there may be, from a terminal: the one that is typed is meant, and no other.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { flagsDirOf } from '../support/keys.js'
import { aServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { as, run } from './cli.js'

const KEYS = ['enableCheckout', 'payments/card:v2', 'kill', 'C:/', 'constructor']

t.test('a flag whose key has capitals, slashes and colons', async t => {
  t.test('is killed, undone, shown, drilled, restored and found in the log', async t => {
    const server = await aServer(t, { flagsDir: flagsDirOf(t, KEYS) })
    const cli = as(t, server)
    const killed = () =>
      [...server.parts.log.state.flags].filter(([, { holds }]) => holds.length > 0).map(([key]) => key)
    for (const key of ['payments/card:v2', 'kill', 'C:/']) {
      const kill = await cli('operator', 'kill', key, '-i', 'INC-1', '-r', 'why', '--wait', '0')
      assert.deepEqual([kill.code, killed()], [0, [key]], kill.err)
      assert.ok(kill.out.includes(`shop ${key}`), kill.out)
      const shown = await cli('viewer', 'status', key, '--json')
      assert.deepEqual([shown.json.key, shown.json.killed], [key, true])
      const restored = await cli('engineer', 'restore', key, '-r', 'well', '--yes', '--wait', '0')
      assert.deepEqual([restored.code, killed()], [0, []], restored.err)
      assert.equal((await cli('engineer', 'drill', key, '--wait', '0')).code, 0)
      await cli('operator', 'kill', key, '-r', 'slip', '--wait', '0')
      assert.deepEqual([(await cli('operator', 'undo', key, '--wait', '0')).code, killed()], [0, []])
      const { json } = await cli('viewer', 'audit', 'query', '--flag', key, '--json')
      assert.deepEqual(
        json.entries.map((entry: { action: string; flag: string }) => [entry.action, entry.flag]),
        ['restore', 'kill', 'drill', 'restore', 'kill'].map(action => [action, key]),
      )
    }
  })

  t.test('is refused where it is nearly one, with the one that may have been meant first', async t => {
    const server = await aServer(t, { flagsDir: flagsDirOf(t, ['enableCheckouts', ...KEYS]) })
    const cli = as(t, server)
    for (const key of ['enable_checkout', 'EnableCheckout', 'enable/checkout'])
      for (const words of [
        ['audit', 'query', '--flag', key],
        ['kill', key],
        ['status', key],
        ['undo', key],
      ]) {
        const { code, err } = await cli('operator', ...words)
        assert.equal(code, 3, words.join(' '))
        assert.match(err, /^Refused \(unknown-flag\): .*\n {2}near: enableCheckout$/m, err)
      }
    assert.equal(server.parts.log.state.flags.get('enableCheckout')?.holds.length, 0)
    const nowhere = await cli('operator', 'kill', '../flips')
    assert.deepEqual([nowhere.code, /unknown-flag/.test(nowhere.err)], [3, true])
  })
})

t.test('the completion of words with a colon', async t => {
  t.test('gives keys as they are, by what was typed of them', async t => {
    const cli = as(t, await aServer(t, { flagsDir: flagsDirOf(t, KEYS) }))
    for (const typed of ['payments', 'payments/', 'payments/card:', 'payments/card:v'])
      assert.match((await cli('viewer', 'complete', '--', 'kill', typed)).out, /^payments\/card:v2\tnormal/m)
    assert.doesNotMatch((await cli('viewer', 'complete', '--', 'kill', 'PAY')).out, /payments/)
  })

  t.test('has readline given what follows the colon, and zsh the colon escaped', async t => {
    const [bash, zsh] = [
      (await run(t, ['completion', 'bash'])).out,
      (await run(t, ['completion', 'zsh'])).out,
    ]
    assert.match(bash, /\n +done\n +__ltrim_colon_completions "\$cur"\n\}/)
    assert.match(zsh, /comp=\$\{comp\/\/:\/\\\\:\}/, 'one backslash is none to zsh')
    const file = join(testdir(t), 'completion')
    writeFileSync(file, bash)
    execFileSync('bash', ['-n', file])
  })
})
