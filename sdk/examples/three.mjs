// Starts three instances of the example app, pod-1 to pod-3, each with a cache file of its own. Stop one with
// `kill -9 <pid>` to see it listed as lost; stop all with Ctrl-C, which is a deploy and no loss.
//   KILLSWITCH_URL=http://127.0.0.1:8080 KILLSWITCH_TOKEN=... node sdk/examples/three.mjs
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('app.mjs', import.meta.url))
const folder = process.env.EXAMPLE_CACHE_DIR ?? join(tmpdir(), 'killswitch-example')
const firstPort = Number(process.env.FIRST_PORT ?? 3001)

const children = [1, 2, 3].map(number => {
  const instance = `pod-${number}`
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      KILLSWITCH_INSTANCE: instance,
      KILLSWITCH_CACHE_FILE: join(folder, `${instance}.json`),
      PORT: String(firstPort === 0 ? 0 : firstPort + number - 1),
    },
  })
  createInterface({ input: child.stdout }).on('line', line => console.log(line))
  child.on('exit', (code, signal) => console.log(JSON.stringify({ instance, exit: signal ?? code })))
  return child
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM')
  })
}
