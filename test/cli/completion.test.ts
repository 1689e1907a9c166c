// The completion script in a real bash: what was typed and what the service said is never run.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testdir } from '../support/testdir.js'
import { listen, PROGRAM, run } from './cli.js'

/** bash-completion's function by this name, as far as the script needs it: words are parted by spaces, as they were typed. */
const REFERENCE = `
_get_comp_words_by_ref() { words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${words[cword]}; prev=\${words[cword-1]}; }
__ltrim_colon_completions() { :; }
compopt() { :; }
killswitch() { ${process.execPath} ${PROGRAM} "$@"; }
`

t.test('the completion for bash', async t => {
  const folder = testdir(t)
  const script = join(folder, 'completion.bash')
  writeFileSync(script, (await run(t, ['completion', 'bash'])).out)
  const complete = (typed: string[], env: Record<string, string> = {}) => {
    const words = typed.map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    const commands = `${REFERENCE}
source ${script}
COMP_WORDS=(killswitch ${words}); COMP_CWORD=${typed.length}
__killswitch_complete
printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', commands], {
      ...{ cwd: folder, encoding: 'utf8' },
      env: { PATH: process.env.PATH ?? '', HOME: folder, ...env },
    })
    return { words: stdout.split('\n').filter(Boolean), stderr }
  }

  t.test('completes, and runs nothing that was typed', async () => {
    assert.deepEqual(complete(['st']).words, ['status', 'steps'])
    for (const typed of [
      '$(touch x)',
      '`touch x`',
      '; touch x',
      "'$(touch x)",
      '<(touch x)',
      'a[$(touch x)]',
    ])
      for (const words of [
        ['kill', typed],
        ['kill', typed, ''],
        [typed, 'kill', 'a'],
      ])
        complete(words)
    assert.ok(!existsSync(join(folder, 'x')))
  })

  t.test('runs nothing that the service said, and offers only what a shell takes as it stands', async t => {
    const keys = ['ai_v1', '$(touch x)', '`touch x`', 'a b', "it's", 'a;touch x', 'a\nb', '-x']
    const about = 'Turn off\n3/3 confirmed\t\u001b]0;x\u0007 :a[$(touch x)]'
    const flags = keys.map(key => ({ key, label: about, application: 'trustflow' }))
    const { url } = await listen(t, (_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ flags }))
    })
    const env = { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: 'x' }
    const { out } = await run(t, ['complete', '--', 'kill', ''], env)
    for (const line of out.trimEnd().split('\n'))
      assert.match(line, /^(?:ai_v1\tTurn off 3\/3 confirmed \ufffd\]0;x\ufffd :a\[\$\(touch x\)\]|:\d+)$/)
    complete(['kill', ''], env)
    assert.ok(!existsSync(join(folder, 'x')))
  })
})
