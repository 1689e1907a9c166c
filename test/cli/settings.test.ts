import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { aServer } from '../support/server.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { envFor, run } from './cli.js'

/** A home folder with a config file in it. */
function home(t: Teardown, text: string, mode = 0o600): { HOME: string; file: string } {
  const HOME = testdir(t)
  const file = join(HOME, '.config', 'killswitch', 'config.yaml')
  mkdirSync(join(HOME, '.config', 'killswitch'), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return { HOME, file }
}

t.test('the config file', async t => {
  t.test('says where the service is, and who asks', async t => {
    const { address, tokens } = await aServer(t)
    const { HOME, file } = home(t, `url:\n  - ${address}\ntoken: ${tokens.viewer}\n`)
    assert.equal((await run(t, ['status'], { HOME })).code, 0)
    assert.equal((await run(t, ['status'], { KILLSWITCH_CONFIG: file })).code, 0)
    assert.equal((await run(t, ['status', '--config', file])).code, 0)
  })

  t.test('is refused where others may read it, but not where it is not needed', async t => {
    const server = await aServer(t)
    const { HOME, file } = home(t, `url: ${server.address}\ntoken: ${server.tokens.viewer}\n`, 0o640)
    const refused = await run(t, ['status'], { HOME })
    assert.equal(refused.code, 2)
    assert.ok(refused.err.includes(`has mode 0640: others may read it. Run: chmod 600 ${file}`), refused.err)
    assert.equal((await run(t, ['status'], { ...envFor(server, 'viewer'), HOME })).code, 0)
    const doctor = await run(t, ['doctor'], { ...envFor(server, 'viewer'), HOME })
    assert.equal(doctor.code, 3)
    assert.match(doctor.out, /^BAD +here +config file: .* mode 0640/m)
    assert.match(doctor.out, /^ok +http\S+ +token: shared-viewer, viewer: may look, and not kill$/m)
  })

  t.test('is told what is wrong with it', async t => {
    const wrong = async (text: string) => {
      const { code, err } = await run(t, ['status'], { HOME: home(t, text).HOME })
      assert.equal(code, 2)
      return err
    }
    assert.match(await wrong('tokn: x\n'), /has a member "tokn": give "url: https/)
    assert.match(await wrong('- x\n'), /is not a mapping/)
    assert.match(await wrong('url: [\n'), /is not YAML/)
    assert.match(await wrong('url: ftp://x\ntoken: y\n'), /"ftp:\/\/x" is not the URL of a service/)
    assert.match((await run(t, ['status', '--config', '/nonexistent/c.yaml'])).err, /There is no config file/)
  })
})

t.test('the token', async t => {
  t.test('is asked for where there is none', async t => {
    const { code, err } = await run(t, ['kill', 'ai_v1'])
    assert.equal(code, 2)
    assert.match(err, /No token: set KILLSWITCH_TOKEN/)
  })

  t.test('is said to be wrong where it is', async t => {
    const server = await aServer(t)
    const { code, err } = await run(t, ['status', '--token', 'ks_wrong'], { KILLSWITCH_URL: server.address })
    assert.equal(code, 3)
    assert.match(err, /Refused \(unauthenticated\): This token is not known here[\s\S]*killswitch doctor/)
  })
})

t.test('colour', async t => {
  t.test('is for terminals, unless it is asked for or forbidden', async t => {
    const server = await aServer(t)
    const isColoured = async (more: Record<string, string>) =>
      (await run(t, ['status'], { ...envFor(server, 'viewer'), ...more })).out.includes('\u001b[')
    assert.equal(await isColoured({}), false)
    assert.equal(await isColoured({ CI: 'true' }), false)
    assert.equal(await isColoured({ FORCE_COLOR: '1' }), true)
    assert.equal(await isColoured({ FORCE_COLOR: '1', NO_COLOR: '1' }), false)
  })

  t.test('is all that acts on the terminal: what a person wrote into a reason does not', async t => {
    const server = await aServer(t)
    await server.ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason: 'x\u001b]0;y\u0007\rz' } })
    const { out } = await run(t, ['status', 'ai_v1'], envFor(server, 'viewer'))
    assert.ok(out.includes('x]0;y z'), out)
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  })
})

t.test('the command line', async t => {
  t.test('alone shows an overview, and needs nothing for it', async t => {
    const { code, out, err } = await run(t, [])
    assert.deepEqual([code, err], [0, ''])
    assert.match(
      out,
      /^Killswitch turns a feature off, everywhere, and proves it\.[\s\S]*killswitch kill <flag>/,
    )
  })

  t.test('ends with 2 on what it does not know, and names the nearest', async t => {
    const unknown = await run(t, ['kil', 'ai_v1'])
    assert.deepEqual([unknown.code, unknown.err.includes('Did you mean kill?')], [2, true])
    for (const args of [['kill'], ['kill', 'a', '--nope'], ['kill', 'a', '--wait', 'soon'], ['audit']])
      assert.equal((await run(t, args)).code, 2, args.join(' '))
  })

  t.test('shows an example in the help of every verb', async t => {
    const verbs = async (...group: string[]): Promise<string[][]> => {
      const { out } = await run(t, [...group, '--help'])
      const names = [...out.matchAll(/^ {2}([a-z]+)(?: [[<].*?)?(?: {2,}\S.*)?$/gm)].map(
        match => match[1] as string,
      )
      return names
        .filter(name => !['check', 'serve', 'help', 'killswitch'].includes(name))
        .map(name => [...group, name])
    }
    const groups = ['incident', 'audit', 'runbook', 'token']
    const tops = (await verbs()).filter(([name]) => !groups.includes(name as string))
    const all = [...tops, ...(await Promise.all(groups.map(name => verbs(name)))).flat()]
    assert.ok(all.length >= 28, String(all.length))
    for (const verb of all) {
      const help = await run(t, [...verb, '--help'])
      assert.equal(help.code, 0, verb.join(' '))
      assert.match(help.out, /Examples?:\n {2}.*killswitch /, verb.join(' '))
    }
  })
})
