// What the service is made of when it is packed, for build.mjs and dev.mjs: its entries, what lies beside them, and how a
// module finds its files from within a chunk.
import { chmodSync, cpSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** These look for files of their own beside them: they are loaded from node_modules, all others are packed. */
const FROM_NODE_MODULES = ['@fastify/swagger-ui', 'classic-level', 'pino', 'pino-pretty']

/** For esbuild's build() and context(). */
export const bundleOptions = outdir => ({
  absWorkingDir: root,
  entryPoints: ['src/main.ts', 'src/cli/index.ts', 'src/check.ts', 'src/catalogue/runbooks/worker.ts'],
  outbase: 'src',
  outdir,
  bundle: true,
  splitting: true,
  // all of them in outdir itself: see ownPlaces()
  chunkNames: 'chunk-[hash]',
  allowOverwrite: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  external: FROM_NODE_MODULES,
  // for the packages among it that are CommonJS
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  plugins: [ownPlaces(outdir)],
  logLevel: 'warning',
})

/** What is read and not imported. */
const filesBeside = readdirSync(resolve(root, 'src'), { recursive: true }).filter(file =>
  /\.(lua|json)$/.test(file),
)

/** Lays beside the entries what they read. */
export function layFiles(outdir) {
  for (const file of filesBeside) cpSync(resolve(root, 'src', file), resolve(root, outdir, file))
  // npm makes the command of a package executable when it installs one; a clone runs its own
  chmodSync(resolve(root, outdir, 'cli/index.js'), 0o755)
}

export async function bundle(outdir) {
  await build(bundleOptions(outdir))
  layFiles(outdir)
}

/**
 * What a module of ours reads beside itself lies in outdir where it lies in src: the module's own address is told from
 * that of outdir, which the file that it is packed into is in.
 */
function ownPlaces(outdir) {
  const [ours, out] = [resolve(root, 'src'), resolve(root, outdir)]
  return {
    name: 'own-places',
    setup({ onLoad, onEnd, initialOptions }) {
      initialOptions.metafile = true
      const knowPlaces = new Set()
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!path.startsWith(ours)) return
        const text = await readFile(path, 'utf8')
        if (!text.includes('import.meta.url')) return
        knowPlaces.add(relative(root, path))
        const own = JSON.stringify(`./${relative(ours, path).replace(/\.ts$/, '.js')}`)
        return {
          contents: text.replaceAll('import.meta.url', `new URL(${own}, import.meta.url)`),
          loader: 'ts',
        }
      })
      onEnd(({ metafile }) => {
        const errors = Object.entries(metafile?.outputs ?? {})
          .filter(([file]) => resolve(root, file, '..') !== out)
          .flatMap(([file, { inputs }]) => Object.keys(inputs).map(input => ({ file, input })))
          .filter(({ input }) => knowPlaces.has(input))
          .map(({ file, input }) => ({ text: `${input} would look for its files from ${file}` }))
        return { errors }
      })
    },
  }
}
