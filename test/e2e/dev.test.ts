// `npm run dev`, on sources of its own: a change starts the service anew, one that does not compile leaves it as it is.

import assert from 'node:assert/strict'
import { appendFileSync, cpSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT } from '../support/server.js'
import { Service } from '../support/service.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

const starts = (service: Service): number => service.said.match(/Killswitch is up/g)?.length ?? 0

t.test(
  'a change of a source is there after a moment, a broken one changes nothing, and a signal ends both',
  async t => {
    const clone = testdir(t)
    for (const name of ['package.json', 'tsconfig.json', 'scripts', 'src'])
      cpSync(join(ROOT, name), join(clone, name), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'))
    const dev = await Service.start(t, { command: [process.execPath, join(clone, 'scripts/dev.mjs')] })

    const welcome = join(clone, 'src/process/welcome.ts')
    appendFileSync(welcome, "\nprocess.stderr.write('changed once\\n')\n")
    await until(() => starts(dev) === 2, 'it has started again')
    assert.match(dev.said, /changed once\n[\s\S]*Killswitch is up/)

    // as editors save: beside it, and renamed over it
    for (const text of ['changed twice', 'changed a third time']) {
      const before = starts(dev)
      cpSync(welcome, `${welcome}.new`)
      appendFileSync(`${welcome}.new`, `\nprocess.stderr.write('${text}\\n')\n`)
      renameSync(`${welcome}.new`, welcome)
      await until(() => dev.said.includes(text) && starts(dev) > before, 'it has started again')
    }

    appendFileSync(welcome, '\nconst broken = (\n')
    await until(() => dev.said.includes('the service before this change goes on'), 'the error is shown')
    assert.match(dev.said, /welcome\.ts:\d+/)
    const address = dev.said
      .match(/Killswitch is up: (\S+)/g)
      ?.at(-1)
      ?.split(' ')
      .at(-1)
    assert.equal((await fetch(`${address}/livez`)).status, 200)

    const before = starts(dev)
    cpSync(join(ROOT, 'src/process/welcome.ts'), welcome)
    writeFileSync(join(clone, 'src/main.ts'), 'export const wrong: number = "a text"\n', { flag: 'a' })
    await until(() => dev.said.includes('the types object'), 'a wrong type is shown')
    await until(() => starts(dev) > before, 'and does not keep it from starting')
    assert.equal(await dev.end('SIGINT'), 0)
    const last = dev.said
      .match(/Killswitch is up: (\S+)/g)
      ?.at(-1)
      ?.split(' ')
      .at(-1)
    await assert.rejects(fetch(`${last}/livez`))
  },
)
