// The process: reads the environment, starts the server, prints what a person needs next, and stops cleanly on a signal.

import { type Config, help, readConfig } from './config.js'
import { exposedFiles } from './process/exposed-files.js'
import { createLogger } from './process/logger.js'
import { explainFault } from './process/start-fault.js'
import { stop } from './process/stop.js'
import { TOKENS_EVERY_MS, watchFiles } from './process/watch.js'
import { welcome } from './process/welcome.js'
import { startServer } from './server.js'
import { visible } from './text/terminal.js'

let config: Config | undefined

async function main(): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(help())
    return
  }
  config = readConfig(process.env)
  await serve(config)
}

async function serve(config: Config): Promise<void> {
  const logger = await createLogger(config, process.stdout.isTTY === true)
  for (const warning of config.warnings) logger.warn(warning)
  const server = await startServer(config, logger)
  for (const warning of await exposedFiles(config)) logger.warn(warning)
  const tokensFile = config.tokensFile ?? server.firstStart?.file
  const unwatchFiles = watchFiles([config.flagsDir, config.runbooksDir], () => void server.reload())
  const unwatchTokens = watchFiles([tokensFile], () => void server.reloadTokens(), TOKENS_EVERY_MS)

  let isStopping = false
  const onSignal = (signal: string) => {
    if (isStopping) return
    isStopping = true
    logger.info({ signal }, 'stopping')
    unwatchFiles()
    unwatchTokens()
    stop(() => server.close(), logger)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('SIGHUP', () => void server.reload())
  // its example is of a step
  if (server.firstStart?.created !== undefined) await server.parts.runbooks.known()
  // last: whoever reads that it is up may signal it at once
  process.stderr.write(welcome(server, config))
}

main().catch(error => {
  process.stderr.write(`killswitch cannot start:\n${visible(explainFault(error, config))}\n`)
  process.exit(1)
})
