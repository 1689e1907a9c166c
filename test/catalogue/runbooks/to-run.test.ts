// What a step has to run and to open, whole, and the danger in it.
import assert from 'node:assert/strict'
import t from 'tap'
import { read } from './reading.js'

t.test('a step has its whole commands, and its links', async () => {
  const long = `kubectl get events -n shop --sort-by=${'x'.repeat(1_200)}`
  const source = `## Go\n1. Look at [the board](https://board.example/1), \`kubectl get pods\`, and [the notes][n]\n\n   \`\`\`bash\n   ${long}\n   kubectl top pods\n   \`\`\`\n2. Disable the flag\n\n[n]: ./notes.md\n\n### Then\n\`\`\`bash\n# Restart it\nkubectl rollout restart \\\n  deploy/shop\n\`\`\`\n`
  const [first, second, third] = read(source).steps
  assert.deepEqual(first?.commands, ['kubectl get pods', `${long}\nkubectl top pods`])
  assert.deepEqual(first?.links, [
    { title: 'the board', url: 'https://board.example/1' },
    { title: 'the notes', url: './notes.md' },
  ])
  assert.equal(second?.commands, undefined)
  assert.deepEqual(third?.commands, ['kubectl rollout restart \\\ndeploy/shop'])
  assert.equal(read('## Go\n1. Run [this](javascript:alert(1))\n').steps[0]?.links, undefined)
  const row = read('## Go\n| Issue | Action |\n|---|---|\n| slow | See [it](./it.md) |\n').steps[0]
  assert.deepEqual(row?.links, [{ title: 'it', url: './it.md' }])
})

t.test('a command that wipes a store is told at its step, with what it does to this service', async () => {
  const source =
    '## Cache\n```bash\n# Clear the cache\nredis-cli FLUSHALL\n```\n## Go\n1. Run `redis-cli flushdb`\n2. Look\n\nNever FLUSHALL.\n'
  const { steps, findings } = read(source)
  assert.deepEqual(
    steps.map(({ dangers }) => dangers?.map(({ line }) => line)),
    [[4], [7], undefined],
  )
  assert.match(
    steps[0]?.dangers?.[0]?.message ?? '',
    /its instances put it back .* what is killed stays killed/,
  )
  assert.deepEqual(
    findings.filter(({ code }) => code === 'destructive-command').map(({ line, step }) => [line, step]),
    [
      [4, steps[0]?.id],
      [7, steps[1]?.id],
      [10, undefined],
    ],
  )
})
