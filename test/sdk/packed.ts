// The package as users install it: packed once into a tarball, and unpacked into the node_modules of an app of the test's.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ensureBuilt, root } from './built.js'

export function run(command: string, args: string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Packs into `folder`. */
export function packed(folder: string): void {
  ensureBuilt()
  run('npm', ['pack', '-w', 'sdk', '--ignore-scripts', '--pack-destination', folder, '--silent'], root)
}

export const tarballIn = (folder: string): string =>
  join(folder, readdirSync(folder).find(name => name.endsWith('.tgz')) as string)

/** An app in `folder` with the package out of the tarball in `work`, and other packages as this repository has them. */
export function installed(work: string, folder: string, others: readonly string[]): void {
  const own = join(folder, 'node_modules/@killswitch/openfeature-provider')
  mkdirSync(own, { recursive: true })
  run('tar', ['-xzf', tarballIn(work), '-C', own, '--strip-components=1'], work)
  for (const name of ['eventsource-parser', ...others]) {
    mkdirSync(join(folder, 'node_modules', dirname(name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
}
