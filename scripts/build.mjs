// Compiles the sources, lays beside them what they load (the Lua commands, the documentation's examples), and packs what
// starts the service and its worker thread into a file each, so that a restart at night reads a few files and not a
// thousand. The SDK has a build of its own, sdk/build.mjs.
//   node scripts/build.mjs          src -> dist
//   node scripts/build.mjs --test   src, test and sdk/src -> .build, for the test runner
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

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
cpSync('src/log/stores/redis/commands', `${base}/log/stores/redis/commands`, {
  recursive: true,
  filter: source => !source.includes('.') || source.endsWith('.lua'),
})

await pack(`${base}/main.js`)
await pack(`${base}/catalogue/runbooks/worker.js`)

// npm makes the command of a package executable when it installs one; a clone runs its own
chmodSync(`${base}/cli/index.js`, 0o755)
// last: ensure-build.mjs looks whether it is there
cpSync('src/http/examples.json', `${base}/http/examples.json`)

/** One file in the place of an entry point, of all it imports. */
async function pack(entry) {
  await build({
    entryPoints: [entry],
    outfile: entry,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    // these look for files of their own beside them
    external: ['classic-level', 'pino', 'pino-pretty', '@fastify/swagger-ui'],
    // for the packages among it that are CommonJS
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [ownPlaces(entry)],
    logLevel: 'warning',
  })
}

/** What a module of ours reads beside itself is still there: its own address is told from that of the packed file. */
function ownPlaces(entry) {
  const ours = resolve(base)
  const contentsOf = async path => {
    const own = JSON.stringify(`./${relative(dirname(resolve(entry)), path)}`)
    return (await readFile(path, 'utf8')).replaceAll('import.meta.url', `new URL(${own}, import.meta.url)`)
  }
  return {
    name: 'own-places',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.js$/ }, async ({ path }) =>
        path.startsWith(ours) ? { contents: await contentsOf(path), loader: 'js' } : undefined,
      ),
  }
}
