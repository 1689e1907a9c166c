// Builds the package twice with plain tsc: ESM and CJS, each with its types. The root of the sources is the
// repository's, so that the few domain files the SDK shares with the service land in the package beside it.
// Built beside and swapped in, so that nobody finds half a build.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('.', import.meta.url)))
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc')
const fresh = `dist.${process.pid}.new`
const old = `dist.${process.pid}.old`

function compile(form, type, ...options) {
  const outDir = `${fresh}/${form}`
  const built = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json', '--outDir', outDir, ...options], {
    stdio: 'inherit',
  })
  if (built.status !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    process.exit(built.status ?? 1)
  }
  // the shapes of the service, whose types the sources are checked against: nothing in the package refers to them at run time
  for (const name of readdirSync(`${outDir}/src/wire`))
    if (!name.startsWith('words.')) rmSync(`${outDir}/src/wire/${name}`)
  writeFileSync(`${outDir}/package.json`, `${JSON.stringify({ type })}\n`)
}

const commonjs = ['--module', 'commonjs', '--moduleResolution', 'bundler', '--verbatimModuleSyntax', 'false']
compile('esm', 'module')
compile('cjs', 'commonjs', ...commonjs)
if (existsSync('dist')) renameSync('dist', old)
renameSync(fresh, 'dist')
rmSync(old, { recursive: true, force: true })
