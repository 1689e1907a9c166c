// docker-compose.yml without Docker: a redis-server started with exactly its script, arguments and users, and the service
// against it with the URL it is given there.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import t from 'tap'
import { parse } from 'yaml'
import { readConfig } from '../../src/config.js'
import { ACL_COMMANDS } from '../../src/log/stores/redis/posture.js'
import { freePort } from '../support/redis.js'
import { ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { type Teardown, testdir } from '../support/testdir.js'

const PASSWORD = 'a-password-for-this-test'
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const { services } = parse(read('docker-compose.yml'))

/** Starts the Redis of the compose file in a folder of the test. */
async function startComposed(t: Teardown): Promise<number> {
  const port = await freePort()
  const dir = testdir(t)
  const [shell, script] = services.redis.entrypoint as [string, string]
  const here = join(ROOT, script.replace('/etc/killswitch/', 'deploy/'))
  const args = services.redis.command.map((arg: string) => (arg === '/data' ? dir : arg))
  const child = spawn(shell, [here, ...args, '--port', String(port), '--bind', '127.0.0.1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, REDISCLI_AUTH: PASSWORD, TMPDIR: dir },
  })
  t.after(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      if (/ready to accept connections/i.test(line)) resolve()
    })
    child.once('exit', code => reject(new Error(`redis-server ended with ${code}`)))
  })
  return port
}

/** A connection of one user, with the library's own defaults but for the retries. */
function connectAs(t: Teardown, port: number, username?: string): Redis {
  const credentials = username === undefined ? {} : { username, password: PASSWORD }
  const client = new Redis({ port, host: '127.0.0.1', ...credentials, retryStrategy: () => null })
  client.on('error', () => {})
  t.after(() => client.disconnect())
  return client
}

/** As docs/production.md says to make one. */
function aLogKey(t: Teardown): string {
  const file = join(testdir(t), 'log.key')
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return file
}

const FORBIDDEN = [
  ['FLUSHALL'],
  ['FLUSHDB'],
  ['SWAPDB', '0', '1'],
  ['DEL', 'killswitch:{test}:log'],
  ['UNLINK', 'killswitch:{test}:log'],
  ['RENAME', 'killswitch:{test}:log', 'killswitch:{test}:gone'],
  ['XTRIM', 'killswitch:{test}:log', 'MAXLEN', '0'],
  ['XDEL', 'killswitch:{test}:log', '0-1'],
  ['XSETID', 'killswitch:{test}:log', '0-0'],
  ['EXPIRE', 'killswitch:{test}:log', '1'],
  ['RESTORE', 'killswitch:{test}:log', '0', 'x'],
  ['CONFIG', 'SET', 'appendonly', 'no'],
  ['DEBUG', 'RELOAD'],
  ['REPLICAOF', '127.0.0.1', '1'],
  ['SHUTDOWN', 'NOSAVE'],
  ['ACL', 'SETUSER', 'default', 'on', 'nopass', '+@all'],
  ['EVAL', "return redis.call('FLUSHALL')", '0'],
] as const

t.test('docker-compose.yml', async t => {
  t.test('sets up a Redis of which the service has nothing to warn', async t => {
    const port = await startComposed(t)
    const url = services.killswitch.environment.KILLSWITCH_REDIS_URL.replace(/\$\{[^}]*\}/, PASSWORD)
    const service = await Service.start(t, {
      env: {
        KILLSWITCH_REDIS_URL: url.replace('redis:6379', `127.0.0.1:${port}`),
        KILLSWITCH_LOG_KEY_FILE: aLogKey(t),
      },
    })
    const killed = await service.kill('ai_v1', { incident: 'INC-1', reason: 'r' })
    assert.deepEqual([killed.status, killed.body.durability], [200, 'both'])
    const ready = await service.ask(undefined, 'GET', '/readyz')
    assert.deepEqual(ready.body.degraded, [])
    assert.doesNotMatch(service.logged, /"level":(40|50|60)/, 'no warning and no error')
    assert.doesNotMatch(service.logged + service.said, new RegExp(PASSWORD))
  })

  t.test('gives the service variables it knows, and the sealed credential where .env has one', async () => {
    const composed = (env: Record<string, string>) => ({
      NODE_ENV: 'production',
      KILLSWITCH_FLAGS_DIR: '/app/flags',
      ...Object.fromEntries(
        Object.entries<string>(services.killswitch.environment).map(([name, value]) => [
          name,
          value.replace(/\$\{(\w+):[-?]([^}]*)\}/g, (_, variable, otherwise) => env[variable] ?? otherwise),
        ]),
      ),
    })
    const env = { KILLSWITCH_REDIS_PASSWORD: PASSWORD }
    const { warnings, breakGlassSha256 } = readConfig(composed(env))
    assert.deepEqual([warnings, breakGlassSha256], [[], undefined])
    const sealed = 'ab'.repeat(32)
    const config = readConfig(composed({ ...env, KILLSWITCH_BREAK_GLASS_SHA256: sealed }))
    assert.equal(config.breakGlassSha256, sealed)
  })

  t.test('lets no user flush, cut, move or expire the log, or undo its safety', async t => {
    const port = await startComposed(t)
    const own = connectAs(t, port, 'killswitch')
    const nobody = connectAs(t, port)
    assert.equal(await own.ping(), 'PONG')
    for (const [command, ...args] of FORBIDDEN) {
      await assert.rejects(
        own.call(command, ...args),
        /NOPERM|can't run this command|DEBUG command not allowed/,
        command,
      )
      await assert.rejects(nobody.call(command, ...args), /NOAUTH|NOPERM|closed|WRONGPASS/i, command)
    }
  })

  t.test('gives the service exactly the commands it needs', async () => {
    const line = read('deploy/redis/users.acl')
      .split('\n')
      .find(each => each.startsWith('user killswitch '))
    const given = line
      ?.match(/\([^)]*\)|\S+/g)
      ?.filter(word => /^[+(]/.test(word))
      .sort()
    assert.deepEqual(given, Object.values(ACL_COMMANDS).flat().sort())
    assert.ok(
      read('deploy/README.md').includes(`ACL SETUSER killswitch ${ACL_COMMANDS.forMending.join(' ')}`),
    )
    assert.match(read('deploy/redis/users.acl'), /^user default off$/m)
  })

  t.test('has no secret in the repository, and mounts nothing that is not there', async () => {
    const mounts = Object.values<{ volumes: string[] }>(services).flatMap(({ volumes }) =>
      volumes.map(volume => volume.split(':')[0] as string).filter(from => from.startsWith('./')),
    )
    assert.deepEqual(
      mounts.filter(from => !existsSync(join(ROOT, from))),
      existsSync(join(ROOT, 'deploy/secrets')) ? [] : ['./deploy/secrets'],
      "all but the secrets, which are the user's own",
    )
    assert.match(read('.gitignore'), /^\.env$/m)
    assert.match(read('.gitignore'), /^deploy\/secrets\/$/m)
    assert.doesNotMatch(
      read('docker-compose.yml') + read('deploy/redis/users.acl'),
      /[0-9a-f]{64}|password: \S/,
    )
  })
})

t.test('Dockerfile', async t => {
  const dockerfile = read('Dockerfile')

  t.test('copies only what is there, and what .dockerignore lets through', async () => {
    const ignored = read('.dockerignore')
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from = '']) =>
      from.split(' '),
    )
    assert.ok(copied.length > 5)
    for (const from of copied) assert.match(ignored, new RegExp(`^!${from}$`, 'm'), from)
  })

  t.test('runs as nobody special, in exec form, with a health check that node itself does', async t => {
    assert.match(dockerfile, /^USER node$/m)
    assert.match(dockerfile, /^STOPSIGNAL SIGTERM$/m)
    assert.doesNotMatch(dockerfile, /^(CMD|ENTRYPOINT) [^[]/m)
    const [, check] = /^HEALTHCHECK .*\\\n\s*CMD (\[.*\])$/m.exec(dockerfile) ?? []
    const [program, ...args] = JSON.parse(check ?? '') as [string, ...string[]]
    assert.equal(program, 'node')
    const service = await Service.start(t)
    const port = new URL(service.address).port
    const run = async () => {
      const env = { ...process.env, KILLSWITCH_PORT: port }
      const [code] = await once(spawn(process.execPath, args, { env, stdio: 'inherit' }), 'exit')
      return code
    }
    assert.equal(await run(), 0)
    await service.end('SIGTERM')
    assert.equal(await run(), 1)
  })
})
