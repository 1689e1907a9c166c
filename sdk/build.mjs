// Builds the package twice with plain tsc: ESM and CJS, each with its types. The root of the sources is the
// repository's, so that the few domain files the SDK shares with the service land in the package beside it.
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('.', import.meta.url)))
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc')

function compile(form, type, ...options) {
  const outDir = `dist/${form}`
  const built = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json', '--outDir', outDir, ...options], {
    stdio: 'inherit',
  })
  if (built.status !== 0) process.exit(built.status ?? 1)
  writeFileSync(`${outDir}/package.json`, `${JSON.stringify({ type })}\n`)
}

rmSync('dist', { recursive: true, force: true })
compile('esm', 'module')
compile(
  'cjs',
  'commonjs',
  '--module',
  'commonjs',
  '--moduleResolution',
  'bundler',
  '--verbatimModuleSyntax',
  'false',
)
