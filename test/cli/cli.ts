// The built command line as a child process, against a real service that this test's process runs.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Role } from '../../src/wire/words.js'
import { TestInstance } from '../support/instance.js'
import { ROOT, type TestServer } from '../support/server.js'
import { type Teardown, testdir } from '../support/testdir.js'

export const PROGRAM = join(ROOT, '.build', 'src', 'cli', 'index.js')

export type Ran = {
  code: number | null
  out: string
  err: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests
  json: any
}
export type Env = Record<string, string>

/** Starts it with nothing of this process's environment but the path; standard input is closed. */
export function start(t: Teardown, args: string[], env: Env): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: env.HOME ?? testdir(t), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => void child.kill('SIGKILL'))
  return child
}

export async function run(t: Teardown, args: string[], env: Env = {}): Promise<Ran> {
  const child = start(t, args, env)
  const [out, err] = [gather(child.stdout), gather(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  return {
    code,
    out: out(),
    err: err(),
    get json() {
      return JSON.parse(out())
    },
  }
}

/** What a stream has given so far. */
export function gather(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', chunk => {
    text += String(chunk)
  })
  return () => text
}

export const envFor = ({ address, tokens }: TestServer, role: Role): Env => ({
  KILLSWITCH_URL: address,
  KILLSWITCH_TOKEN: tokens[role],
})

/** `killswitch` as this role would have it. */
export const as =
  (t: Teardown, server: TestServer) =>
  (role: Role, ...args: string[]): Promise<Ran> =>
    run(t, args, envFor(server, role))

/** An app instance with a session, which has applied what there is. */
export const anInstance = (server: TestServer, name: string, app = 'trustflow'): Promise<TestInstance> =>
  new TestInstance(server.ask, name, app).apply()

/** What an app instance without a session says it has applied: it proves nothing. */
export const applied = (server: TestServer, app: string, instance: string, revision: number) =>
  server.ask('sdk', 'POST', '/v1/receipts', {
    body: {
      receipts: [
        {
          instance,
          app,
          log: server.parts.log.state.log,
          revision,
          appliedAt: new Date().toISOString(),
          sdk: 'test/1',
          startedAt: '2026-11-19T08:00:00.000Z',
          boot: 'service',
        },
      ],
    },
  })

/** A small HTTP server of the test's own. */
export async function listen(
  t: Teardown,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<{ url: string; port: number; close: () => Promise<void> }> {
  const server = createServer(handle)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  t.after(close)
  const { port: taken } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${taken}`, port: taken, close }
}

/** A URL at which nothing listens. */
export async function nowhere(t: Teardown): Promise<string> {
  const { url, close } = await listen(t, () => {})
  await close()
  return url
}
