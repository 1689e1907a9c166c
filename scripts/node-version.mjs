// Stops what an older Node would let fail with a message about something else. Runs on any Node that knows modules.
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const [major, minor] = engines.node.match(/\d+/g).map(Number)
const [ours, ourMinor] = process.versions.node.split('.').map(Number)
if (ours < major || (ours === major && ourMinor < minor)) {
  process.stderr.write(
    `killswitch needs Node ${major}.${minor} or later, and this is ${process.version}: https://nodejs.org\n`,
  )
  process.exit(1)
}
