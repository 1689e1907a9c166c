// The service as it is, built for a test: real journal in a folder of its own, real store, real routes; no port is shared.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import type { Config } from '../../src/config.js'
import type { Clock } from '../../src/domain/clock.js'
import { type Server, startServer } from '../../src/server.js'
import type { Problem } from '../../src/wire/problem.js'
import type { Role } from '../../src/wire/words.js'
import { withRecord } from './fleet-record.js'
import { sharedLogKey } from './log-key.js'
import { assertProblem } from './problem.js'
import { type Teardown, testdir } from './testdir.js'
import './answers.js'

/** The project's root, from .build/test/support. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
export const FLAGS_DIR = join(ROOT, 'flags')

export type Answer = {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by tests
  body: any
  headers: Record<string, string | string[] | number | undefined>
  text: string
}
export type Ask = { body?: unknown; headers?: Record<string, string>; raw?: string | Buffer }

export type TestServer = Server & {
  dataDir: string
  tokens: Record<Role, string>
  /** Through every hook and route, without a socket. */
  ask: (role: Role | undefined, method: 'GET' | 'POST', path: string, asked?: Ask) => Promise<Answer>
}

/** `isHasty`: asked while its runbooks are still being read. `isUnrecorded`: it starts without a record of its app
 *  instances. `isKeyless`: on Redis, and without the key of the log. */
export type Given = Partial<Config> & {
  clock?: Clock
  /** What counts running time, where that is not what the clock says. */
  steady?: Clock
  tokens?: Record<Role, string>
  isHasty?: boolean
  isUnrecorded?: boolean
  isKeyless?: boolean
}

export const configFor = (dataDir: string, given: Partial<Config> = {}): Config => ({
  host: '127.0.0.1',
  port: 0,
  environment: 'test',
  environmentAliases: [],
  dataDir,
  flagsDir: FLAGS_DIR,
  logLevel: 'silent',
  mostInstances: 20_000,
  production: false,
  warnings: [],
  ...given,
})

export async function aServer(
  t: Teardown,
  {
    clock,
    steady,
    tokens: known,
    isHasty = false,
    isUnrecorded = false,
    isKeyless = false,
    ...asked
  }: Given = {},
): Promise<TestServer> {
  const needsKey = asked.redisUrl !== undefined && !isKeyless
  const given = needsKey ? { logKeyFile: sharedLogKey(), ...asked } : asked
  const dataDir = given.dataDir ?? testdir(t)
  if (!isUnrecorded) withRecord(dataDir)
  const server = await startServer(
    configFor(dataDir, given),
    pino({ level: given.logLevel ?? 'silent' }),
    clock,
    steady ?? clock,
  )
  t.after(() => server.close())
  if (!isHasty) await server.parts.runbooks.known()
  const tokens = server.firstStart?.created ?? known
  if (tokens === undefined) throw new Error('this data directory was started before: give its tokens')
  const ask = async (
    role: Role | undefined,
    method: 'GET' | 'POST',
    path: string,
    { body, headers, raw }: Ask = {},
  ) => {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await server.app.inject({
      method,
      url: path,
      headers: {
        ...(role === undefined ? {} : { authorization: `Bearer ${tokens[role]}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    })
    const isJson =
      response.body !== '' &&
      /json/.test(String(response.headers['content-type'])) &&
      !/ndjson/.test(String(response.headers['content-type']))
    const isProblem = String(response.headers['content-type']).includes('problem+json')
    if (isProblem) assertProblem(response.json<Problem>())
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      body: isJson ? response.json() : undefined,
    }
  }
  return { ...server, dataDir, tokens, ask }
}
