// `npm run dev`: the service from the sources as they are now. A change of a source packs it anew and starts it again,
// with the data folder it has; one that does not compile is shown, and the service that ran goes on. What only the types
// object to is shown as well, after the start, and stops nothing. Flags and runbooks the service reads anew by itself.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { context } from 'esbuild'
import { bundleOptions, layFiles } from './bundle.mjs'
import './node-version.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc')
/** An editor that saves writes more than once. */
const QUIET_MS = 50
const LOOK_MS = 150
const OUT = '.dev'
/** In the service: it ends like this process, also where that was killed. */
const TOGETHER = `process.once('disconnect', () => process.kill(process.pid, 'SIGTERM')); process.channel.unref()`

const say = text => process.stderr.write(`dev: ${text}\n`)
rmSync(OUT, { recursive: true, force: true })
// packages stay where they are installed: what changes here is read anew in a fifth of the time
const packing = await context({ ...bundleOptions(OUT), packages: 'external' })
let service
let types
let hasChanged = true
let isEnding = false
let wake = () => undefined

// by looking: what tells of changes on Linux loses a file that was saved by a rename
let known = sources()
const looking = setInterval(() => {
  const seen = sources()
  if (seen === known) return
  known = seen
  hasChanged = true
  wake()
}, LOOK_MS)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    isEnding = true
    wake()
  })
}

while (!isEnding) {
  if (!hasChanged) {
    await new Promise(resolve => {
      wake = resolve
    })
    continue
  }
  await wait(QUIET_MS)
  hasChanged = false
  await renew()
}
clearInterval(looking)
endCheck()
await Promise.all([stop(), packing.dispose()])

/** What the sources are, as a text that changes with them. */
function sources() {
  return readdirSync('src', { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name))
    .map(file => [file, statSync(file, { throwIfNoEntry: false })])
    .map(([file, stat]) => `${file} ${stat?.mtimeMs} ${stat?.size} ${stat?.ino}`)
    .join('\n')
}

async function renew() {
  try {
    await packing.rebuild()
    layFiles(OUT)
  } catch {
    // esbuild has shown what
    if (isEnding) return
    return say(service === undefined ? 'waiting for a change' : 'the service before this change goes on')
  }
  await stop()
  if (isEnding) return
  start()
  check()
}

function start() {
  const started = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--import',
      `data:text/javascript,${encodeURIComponent(TOGETHER)}`,
      `${OUT}/main.js`,
    ],
    { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
  )
  service = started
  started.once('exit', (code, signal) => {
    if (service !== started || isEnding) return
    service = undefined
    say(`the service ended (${signal ?? code}); waiting for a change`)
  })
}

async function stop() {
  const running = service
  service = undefined
  if (running === undefined) return
  running.kill('SIGTERM')
  await once(running, 'exit')
}

/** The last check that began is the one that counts. It gives way to the service that is starting. */
function check() {
  endCheck()
  const mine = spawn(process.execPath, [tsc, '-p', 'tsconfig.json', '--noEmit', '--pretty'], {
    detached: true,
  })
  if (mine.pid !== undefined) setPriority(mine.pid, constants.priority.PRIORITY_BELOW_NORMAL)
  types = mine
  let found = ''
  mine.stdout.on('data', text => {
    found += text
  })
  mine.once('close', code => {
    if (types !== mine) return
    types = undefined
    if (code !== 0 && !isEnding) say(`the types object:\n${found}`)
  })
}

/** With what it started: the compiler is a program of its own. */
function endCheck() {
  const running = types
  types = undefined
  try {
    if (running?.pid !== undefined) process.kill(-running.pid)
  } catch {
    // it has just ended by itself
  }
}
