// Apps as they are built: the packed tarball in a bundle of each common bundler, as ES modules and as CommonJS, with flagd-core
// and without. Each bundle is run, beside no node_modules, and tells what its kill switch and its rule say.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build } from 'esbuild'
import { type Plugin, rollup } from 'rollup'
import t from 'tap'
import webpack from 'webpack'
import { installed, packed } from './packed.js'
import { flag } from './snapshot-flag.js'

const work = mkdtempSync(join(tmpdir(), 'ks-bundles-'))
t.teardown(() => rmSync(work, { recursive: true, force: true }))

const BOOTSTRAP = {
  v: 1,
  environment: 'test',
  log: 'a',
  revision: 1,
  catalogue: 'c',
  at: '2026-11-20T03:00:00.000Z',
  provisional: [],
  merged: [],
  flags: {
    ruled: flag({ targeting: { if: [{ '==': [{ var: 'plan' }, 'free'] }, 'off', null] } }),
    held: flag({ held: { variant: 'off', value: false, since: '', holds: ['h'] }, flipped: 1 }),
  },
}

const app = (imports: string) => `${imports}
const killswitch = new Killswitch({
  url: 'http://127.0.0.1:9', app: 'a', cacheFile: false, initTimeoutMs: 20, logger: { warn() {}, error() {} },
  bootstrap: ${JSON.stringify(BOOTSTRAP)},
})
const provider = new KillswitchProvider(killswitch)
async function main() {
  await provider.initialize()
  const { value } = await provider.resolveBooleanEvaluation('ruled', true, { plan: 'free' })
  console.log(JSON.stringify({ held: killswitch.isKilled('held'), ruled: value }))
  await killswitch.close()
}
main()
`
const ENTRIES = {
  esm: ['app.mjs', app("import { Killswitch, KillswitchProvider } from '@killswitch/openfeature-provider'")],
  cjs: [
    'app.cjs',
    app("const { Killswitch, KillswitchProvider } = require('@killswitch/openfeature-provider')"),
  ],
} as const
type Form = keyof typeof ENTRIES

/** Each gives the file to run. */
const BUNDLERS: Record<string, (entry: string, out: string, form: Form) => Promise<string>> = {
  async esbuild(entry, out, form) {
    const outfile = join(out, form === 'esm' ? 'out.mjs' : 'out.cjs')
    const format = form
    await build({
      entryPoints: [entry],
      outfile,
      format,
      bundle: true,
      platform: 'node',
      logLevel: 'silent',
      ...BANNER[form],
    })
    return outfile
  },
  async webpack(entry, out, form) {
    const filename = form === 'esm' ? 'out.mjs' : 'out.cjs'
    const module = {
      experiments: { outputModule: true },
      output: { path: out, filename, module: true, library: { type: 'module' } },
    }
    const options = form === 'esm' ? module : { output: { path: out, filename } }
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
      webpack(
        { mode: 'production', optimization: { minimize: false }, target: 'node20', entry, ...options },
        (error, stats) => (error ? reject(error) : resolve(stats)),
      ),
    )
    assert.deepEqual(stats?.toJson({ all: false, errors: true }).errors, [])
    return join(out, filename)
  },
  async rollup(entry, out, form) {
    const plugins = [nodeResolve({ preferBuiltins: true }), called(commonjs), called(json)]
    const bundle = await rollup({ input: entry, plugins, onwarn() {} })
    const entryFileNames = form === 'esm' ? 'out.mjs' : 'out.cjs'
    await bundle.write({
      dir: out,
      format: form,
      entryFileNames,
      chunkFileNames: `[name].${form === 'esm' ? 'mjs' : 'cjs'}`,
    })
    await bundle.close()
    return join(out, entryFileNames)
  },
}
/** OpenFeature's SDK is CommonJS for a part; esbuild's own advice for a bundle of ES modules. */
const BANNER = {
  esm: {
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  },
  cjs: {},
}

/** Their types are of CommonJS, where the default export is a member. */
const called = (plugin: unknown): Plugin => (plugin as () => Plugin)()

const run = promisify(execFile)

t.before(() => packed(work))

// rollup is slow, and of flagd-core both would come to the same
for (const hasFlagd of [true, false])
  for (const [name, bundle] of Object.entries(BUNDLERS))
    for (const form of name === 'rollup' && hasFlagd ? (['esm'] as const) : (['esm', 'cjs'] as const))
      t.test(
        `${name}, ${form}, ${hasFlagd ? 'with' : 'without'} flagd-core: it is built, and runs`,
        async () => {
          const folder = join(work, `${name}-${form}-${hasFlagd}`)
          installed(work, folder, [
            '@openfeature/server-sdk',
            '@openfeature/core',
            ...(hasFlagd ? ['@openfeature/flagd-core'] : []),
          ])
          const [file, text] = ENTRIES[form]
          writeFileSync(join(folder, file), text)
          const out = join(work, `out-${name}-${form}-${hasFlagd}`)
          mkdirSync(out)
          const { stdout } = await run(process.execPath, [await bundle(join(folder, file), out, form)], {
            cwd: out,
          })
          assert.deepEqual(JSON.parse(stdout), { held: true, ruled: !hasFlagd })
        },
      )
