// Finds the redis-server that the tests start on ports of their own; installs Debian's where it may. Says what it did.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const onPath = name =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'].some(folder => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

export function ensureRedisServer() {
  if (onPath('redis-server')) return
  const mayInstall = process.getuid?.() === 0 && onPath('apt-get')
  if (!mayInstall) {
    console.error(
      'The tests need a redis-server (7.0 or later) on the PATH and may not install one here.\n' +
        'Debian and Ubuntu: sudo apt-get install -y redis-server     macOS: brew install redis',
    )
    process.exit(1)
  }
  console.error('No redis-server on the PATH: installing Debian\'s package "redis-server" with apt-get ...')
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      // RUNLEVEL=1: the package does not start its own server on port 6379
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    }).status
  apt('update', '-qq')
  if (
    apt('install', '-y', '-qq', '--no-install-recommends', 'redis-server') !== 0 ||
    !onPath('redis-server')
  ) {
    console.error('apt-get could not install redis-server; install it by hand and run the tests again.')
    process.exit(1)
  }
  console.error('Installed redis-server. The tests start it on ports of their own and leave it installed.')
}
