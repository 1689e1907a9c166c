// A process that stops ends, whatever its disk does. A pipe that nobody writes to stands for the disk that never answers:
// the thread that opens it hangs in the kernel in the same way.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { testdir } from './support/testdir.js'

const STOP = fileURLToPath(new URL('../src/process/stop.js', import.meta.url))

/** How a process ends that stops with this as its `close`. */
async function ending(
  close: string,
  limitMs = 300,
): Promise<{ code: number | null; signal: string | null; said: string }> {
  const program = `
    import { open } from 'node:fs/promises'
    import { stop } from ${JSON.stringify(STOP)}
    const logger = { error: (...said) => console.log(said.map(String).join(' ')) }
    stop(${close}, logger, ${limitMs})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', data => {
    said += String(data)
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, said }
}

/** A file that takes for ever to open. */
function neverAnswers(t: Parameters<typeof testdir>[0]): string {
  const file = join(testdir(t), 'hangs')
  execFileSync('mkfifo', [file])
  return JSON.stringify(file)
}

t.test('a clean stop ends with 0, one that failed with 1', async () => {
  assert.deepEqual(await ending('async () => {}', 60_000), { code: 0, signal: null, said: '' })
  const failed = await ending("async () => { throw new Error('no') }", 60_000)
  assert.equal(failed.code, 1)
  assert.match(failed.said, /the stop was not clean/)
})

t.test('a stop that waits for a disk that hangs is cut short', async t => {
  const { signal, said } = await ending(`() => open(${neverAnswers(t)})`)
  assert.equal(signal, 'SIGKILL')
  assert.match(
    said,
    /the stop takes long \(still open: FSReqPromise\): 0.3 s after the signal this process kills itself/,
  )
})

t.test('so is one that is clean, where a request to the disk still hangs', async t => {
  const { signal } = await ending(`async () => void open(${neverAnswers(t)})`)
  assert.equal(signal, 'SIGKILL')
})
