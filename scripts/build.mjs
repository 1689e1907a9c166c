// Compiles the sources, lays beside them what they load (the Lua commands, the documentation's examples), and makes the
// command line executable.
//   node scripts/build.mjs          src -> dist (and the SDK)
//   node scripts/build.mjs --test   src, test and sdk/src -> .build, for the test runner
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const forTests = process.argv.includes('--test')
const out = forTests ? '.build' : 'dist'
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc')

rmSync(out, { recursive: true, force: true })
const project = forTests ? 'tsconfig.test.json' : 'tsconfig.json'
const compiled = spawnSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' })
if (compiled.status !== 0) process.exit(compiled.status ?? 1)

const base = forTests ? `${out}/src` : out
cpSync('src/store/redis/commands', `${base}/store/redis/commands`, {
  recursive: true,
  filter: source => !source.includes('.') || source.endsWith('.lua'),
})
cpSync('src/http/examples.json', `${base}/http/examples.json`)

// npm makes the command of a package executable when it installs one; a clone runs its own
chmodSync(`${base}/cli/index.js`, 0o755)
