// Starts three instances of the example app, pod-1 to pod-3, each with a cache file of its own. Stop one with
// `kill -9 <pid>` to see it listed as lost; stop all with Ctrl-C, which is a deploy and no loss.
//   npm run example                              beside a service that `npm start` started: its token is in data/tokens/
//   KILLSWITCH_URL=http://127.0.0.1:8080 KILLSWITCH_TOKEN=... node sdk/examples/three.mjs
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const dataDir = process.env.KILLSWITCH_DATA_DIR ?? here('../../data')
const isLaptop = process.env.KILLSWITCH_TOKEN === undefined
// what the apps remember belongs to the log of that service: removed with its data, it is not in the way of the next one
const folder = process.env.EXAMPLE_CACHE_DIR ?? join(isLaptop ? dataDir : tmpdir(), 'killswitch-example')
const firstPort = Number(process.env.FIRST_PORT ?? 3001)
const token = isLaptop ? await tokenOfFirstStart() : process.env.KILLSWITCH_TOKEN

const children = [1, 2, 3].map(number => {
  const instance = `pod-${number}`
  const child = spawn(process.execPath, [here('app.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      KILLSWITCH_TOKEN: token,
      KILLSWITCH_INSTANCE: instance,
      KILLSWITCH_CACHE_FILE: join(folder, `${instance}.json`),
      PORT: String(firstPort === 0 ? 0 : firstPort + number - 1),
    },
  })
  createInterface({ input: child.stdout }).on('line', line => console.log(line))
  child.on('exit', (code, signal) => {
    if (code !== 0) console.log(`${instance}  was ended by ${signal ?? `exit code ${code}`}`)
  })
  return child
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM')
  })
}

/** The token for apps that a first start of the service made; waits for that start. */
async function tokenOfFirstStart() {
  const file = join(dataDir, 'tokens/sdk')
  for (let tries = 0; ; tries++) {
    try {
      return readFileSync(file, 'utf8').trim()
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
    if (tries === 0)
      console.log(`Waiting for the first start of the service (npm start), which makes ${file} ...`)
    await wait(250)
  }
}
