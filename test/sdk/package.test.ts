// The packed tarball in a fresh CJS and a fresh ESM consumer: types compile, code runs, testing included.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { root } from './built.js'
import { installed, packed, run, tarballIn } from './packed.js'

const work = mkdtempSync(join(tmpdir(), 'ks-pack-'))
t.teardown(() => rmSync(work, { recursive: true, force: true }))

const CONSUMER = `
import { OpenFeature } from '@openfeature/server-sdk'
import { KillswitchProvider, killswitchGuard, type KillswitchOptions } from '@killswitch/openfeature-provider'
import { fakeKillswitch } from '@killswitch/openfeature-provider/testing'
import Fastify from 'fastify'

const options: KillswitchOptions = { url: 'http://127.0.0.1:9', app: 'a', cacheFile: false, initTimeoutMs: 20, logger: { warn() {}, error() {} } }
const fake = fakeKillswitch({ ai_v1: true })
const app = Fastify()
app.register(killswitchGuard('ai_v1', { killswitch: fake.killswitch }))
app.get('/', { onRequest: killswitchGuard('ai_v1', { killswitch: fake.killswitch }).onRequest }, async () => 'ok')

async function main(): Promise<void> {
  await OpenFeature.setProviderAndWait(fake.provider)
  fake.kill('ai_v1')
  const killed: boolean = fake.killswitch.isKilled('ai_v1')
  const value = await OpenFeature.getClient().getBooleanValue('ai_v1', true)
  const answer = await app.inject('/')
  const alone = new KillswitchProvider(options)
  await alone.killswitch.start()
  await alone.onClose()
  console.log(JSON.stringify({ killed, value, status: answer.statusCode, unknown: alone.killswitch.isKilled('x') }))
}
void main()
`

const tarball = (): string => tarballIn(work)
const bin = (name: string): string => join(root, 'node_modules/.bin', name)

t.before(() => packed(work))

for (const [form, type] of [
  ['ESM', 'module'],
  ['CJS', 'commonjs'],
] as const)
  t.test(`a fresh ${form} consumer of the tarball compiles and runs`, async () => {
    const folder = join(work, form)
    installed(work, folder, ['@openfeature/server-sdk', 'fastify', '@types/node'])
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', type }))
    writeFileSync(join(folder, 'main.ts'), CONSUMER)
    const compilerOptions = { module: 'nodenext', target: 'es2023', strict: true, types: ['node'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }))
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], folder)
    assert.deepEqual(JSON.parse(run(process.execPath, ['main.js'], folder)), {
      killed: true,
      value: false,
      status: 503,
      unknown: false,
    })
  })

t.test('the tarball holds what is built, what it is licensed under, and nothing else', async () => {
  const files = run('tar', ['-tzf', tarball()], work).trim().split('\n')
  const odd = files.filter(
    file =>
      !/^package\/(dist\/[\w-]+\.[mc]js|dist\/[\w-]+\.d\.[mc]ts|package\.json|README\.md|LICENSE)$/.test(
        file,
      ),
  )
  assert.deepEqual(odd, [])
  for (const name of ['LICENSE', 'README.md']) assert.ok(files.includes(`package/${name}`), name)
  assert.equal(readFileSync(join(root, 'sdk/LICENSE'), 'utf8'), readFileSync(join(root, 'LICENSE'), 'utf8'))
})

t.test('the tarball names no package but those that it depends on, and has none of them in it', async () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'sdk/package.json'), 'utf8'))
  const packages = new Set(Object.keys({ ...dependencies, ...peerDependencies }))
  for (const file of readdirSync(join(root, 'sdk/dist'))) {
    const text = readFileSync(join(root, 'sdk/dist', file), 'utf8')
    const named = [...text.matchAll(/(?:\bfrom |\bimport\(|\brequire\()"([^."][^"]*)"/g)].map(
      match => match[1] as string,
    )
    const strange = named.filter(name => !name.startsWith('node:') && !packages.has(name))
    assert.deepEqual(strange, [], file)
    assert.doesNotMatch(text, /#region .*node_modules/, file)
  }
})

t.test('publint finds nothing to improve in the tarball', async () => {
  assert.match(run(bin('publint'), ['run', tarball(), '--strict'], work), /All good!/)
})

t.test('its types are right for every way to import it, says @arethetypeswrong/cli', async () => {
  const found = JSON.parse(run(bin('attw'), [tarball(), '--format', 'json'], work))
  assert.deepEqual(Object.keys(found.analysis.entrypoints).sort(), ['.', './package.json', './testing'])
  assert.deepEqual(found.problems ?? {}, {})
})

t.test('its types name no package of the service', async () => {
  const text = run('tar', ['-xOzf', tarball(), '--wildcards', '*.d.[cm]ts'], work)
  const packages = [...text.matchAll(/(?:from |import\()['"]([^.'"][^'"]*)['"]/g)].map(([, name]) => name)
  const known = /^(node:|@openfeature\/)/
  assert.deepEqual(
    [...new Set(packages)].filter(name => !known.test(name as string)),
    [],
  )
})
