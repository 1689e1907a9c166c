// One pass of the bundler makes what is started: the service, the thread that reads its runbooks, and the command, each
// of one file and of the chunks they share; beside them lies what they read (the Lua commands, the documentation's
// examples). So a start reads a few files and not a thousand. What the types say is checked first.
//   node scripts/build.mjs          src -> dist
//   node scripts/build.mjs --test   src, test and sdk/src -> .build, module by module for the tests to import, and in
//                                   the place of the three entries of src the packed ones, for the tests to start
// The SDK is a package of its own, and is built by itself: npm run build -w sdk
import { spawnSync } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc')

function compile(...options) {
  const { status } = spawnSync(process.execPath, [tsc, ...options], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const say = text => process.stderr.write(`killswitch: ${text} ...\n`)

if (process.argv.includes('--test')) {
  rmSync('.build', { recursive: true, force: true })
  compile('-p', 'tsconfig.test.json')
  await bundle('.build/src')
} else {
  say('checking the types')
  compile('-p', 'tsconfig.json', '--noEmit')
  say('packing the service')
  // built beside and swapped in, so that nobody finds half a build, and one that fails leaves the one before
  const [fresh, old] = [`dist.${process.pid}.new`, `dist.${process.pid}.old`]
  try {
    await bundle(fresh)
    if (existsSync('dist')) renameSync('dist', old)
    renameSync(fresh, 'dist')
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  }
}
