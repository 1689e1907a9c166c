import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import t from 'tap'
import { readConfig } from '../src/config.js'

const faultOf = (env: NodeJS.ProcessEnv): string => {
  try {
    readConfig(env)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

t.test(
  'everything that is wrong is said at once, and a name that is none beside the one that is meant',
  async () => {
    const said = faultOf({
      NODE_ENV: 'production',
      KILLSWITCH_ENVIRONMENT: 'Prod',
      KILLSWITCH_PORT: 'abc',
      KILLSWITCH_REDIS_URL: 'http://:s3cret@x',
      KILLSWITCH_TOKEN_FILE: 'tokens.yaml',
    })
    const lines = said.split('\n')
    assert.match(
      lines.find(line => line.startsWith('KILLSWITCH_TOKEN_FILE')) ?? '',
      /KILLSWITCH_TOKENS_FILE is one/,
    )
    for (const name of ['ENVIRONMENT', 'PORT', 'REDIS_URL', 'TOKENS_FILE', 'FLAGS_DIR'])
      assert.ok(
        lines.some(line => line.startsWith(`KILLSWITCH_${name}`)),
        name,
      )
    assert.doesNotMatch(said, /s3cret/)
  },
)

t.test('the hash of the sealed credential is taken as the hint makes it', async () => {
  const said = faultOf({ KILLSWITCH_BREAK_GLASS_SHA256: 'ks_sealed' })
  const [, hint = ''] = /give `(.+)`/.exec(said) ?? []
  const hash = execFileSync('sh', ['-c', hint], {
    encoding: 'utf8',
    env: { ...process.env, TOKEN: 'ks_sealed' },
  }).trim()
  const { breakGlassSha256 } = readConfig({ KILLSWITCH_BREAK_GLASS_SHA256: hash })
  assert.equal(breakGlassSha256, createHash('sha256').update('ks_sealed').digest('hex'))
})

t.test('a port is digits and nothing else', async () => {
  for (const port of [' ', ' 80', '8e3', '0x50', '-1', '65536', '80.5'])
    assert.match(faultOf({ KILLSWITCH_PORT: port }), /^KILLSWITCH_PORT is "/, JSON.stringify(port))
  assert.equal(readConfig({ KILLSWITCH_PORT: '0' }).port, 0)
  assert.equal(readConfig({ KILLSWITCH_PORT: '' }).port, 8080)
})

t.test('business hours are days, hours and a zone', async () => {
  const read = (hours?: string) => readConfig({ KILLSWITCH_BUSINESS_HOURS: hours }).businessHours
  assert.equal(read(), undefined)
  assert.equal(read('Mon-Fri 09:00-17:00 Europe/Berlin')?.zone, 'Europe/Berlin')
  assert.match(
    faultOf({ KILLSWITCH_BUSINESS_HOURS: 'Mon-Fri 9 to 5' }),
    /^KILLSWITCH_BUSINESS_HOURS: give days, hours and a zone, such as /,
  )
})

t.test('the environment has other names in runbooks', async () => {
  const namesOf = (environment: string, aliases?: string) =>
    readConfig({ KILLSWITCH_ENVIRONMENT: environment, KILLSWITCH_ENVIRONMENT_ALIASES: aliases })
      .environmentAliases
  assert.deepEqual(namesOf('production'), ['prod'])
  assert.deepEqual(namesOf('staging', ''), [])
  assert.deepEqual(namesOf('production', ' Prod , live '), ['prod', 'live'])
  for (const aliases of ['prod,,live', 'prod,', 'the live one'])
    assert.match(
      faultOf({ KILLSWITCH_ENVIRONMENT_ALIASES: aliases }),
      /^KILLSWITCH_ENVIRONMENT_ALIASES has "/,
    )
})

t.test('what belongs to the SDK, the CLI, compose or Kubernetes is not strange', async () => {
  const { warnings } = readConfig({
    KILLSWITCH_URL: 'x',
    KILLSWITCH_TOKEN: 'x',
    KILLSWITCH_POLL_MS: '1',
    KILLSWITCH_REDIS_PASSWORD: 'x',
    KILLSWITCH_SERVICE_HOST: 'x',
    KILLSWITCH_SERVICE_PORT_HTTP: '1',
    KILLSWITCH_PORT_8080_TCP_ADDR: 'x',
    HOME: '/root',
  })
  assert.deepEqual(warnings, [])
  assert.equal(readConfig({ KILLSWITCH_LOGLEVEL: 'debug' }).warnings.length, 1)
})
