// What is installed of the service: the packed files and the catalogue alone, and no package but those that it names.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FLAGS_DIR, ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { testdir } from '../support/testdir.js'

const run = (cwd: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

t.test('the package of the service', async t => {
  let files: string[]
  let installed: string

  t.before(() => {
    const clone = testdir(t)
    for (const name of ['package.json', 'LICENSE', 'README.md', 'flags', 'src'])
      cpSync(join(ROOT, name), join(clone, name), { recursive: true })
    const pack = `import { bundle } from './scripts/bundle.mjs'; await bundle(${JSON.stringify(join(clone, 'dist'))})`
    run(ROOT, process.execPath, '--input-type=module', '-e', pack)
    const [{ filename }] = JSON.parse(run(clone, 'npm', 'pack', '--json', '--ignore-scripts'))
    files = run(clone, 'tar', '-tzf', filename).trim().split('\n')
    run(clone, 'tar', '-xzf', filename)
    installed = join(clone, 'package')
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    for (const name of Object.keys(dependencies)) {
      const place = join(installed, 'node_modules', name)
      mkdirSync(join(place, '..'), { recursive: true })
      symlinkSync(join(ROOT, 'node_modules', name), place)
    }
  })

  t.test('holds what is started, what that reads, and the catalogue', async () => {
    const expected = [
      /^(package\.json|LICENSE|README\.md)$/,
      /^flags\//,
      /^dist\/(main|check|cli\/index|catalogue\/runbooks\/worker|chunk-\w+)\.js(\.map)?$/,
      /^dist\/log\/stores\/redis\/commands\/[\w-]+\.lua$/,
      /^dist\/http\/plumbing\/examples\.json$/,
    ]
    const names = files.map(file => file.replace(/^package\//, ''))
    assert.deepEqual(
      names.filter(name => !expected.some(each => each.test(name))),
      [],
    )
    for (const each of expected) assert.ok(names.some(name => each.test(name)))
  })

  t.test('checks its catalogue, and serves it', async t => {
    const cli = join(installed, 'dist/cli/index.js')
    assert.match(run(testdir(t), process.execPath, cli, 'check'), /^0 faults, 0 findings$/m)
    const command = [process.execPath, cli, 'serve']
    const service = await Service.start(t, { command, env: { KILLSWITCH_FLAGS_DIR: FLAGS_DIR } })
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    assert.equal((await service.ask('viewer', 'GET', '/v1/actor')).body.version, version)
    assert.equal((await service.ask('viewer', 'GET', '/docs/')).status, 200)
    assert.equal((await service.kill('ai_v1', { step: 'trustflow/ai-instability/3' })).body.offRunbook, false)
    assert.equal(await service.end('SIGTERM'), 0)
  })
})
