// The process: reads the environment, starts the server, prints what a person needs next, and stops cleanly on a signal.

import { type Logger, pino } from 'pino'
import { type Config, help, readConfig } from './config.js'
import { startServer } from './server.js'
import { explainFault } from './start-fault.js'
import { stop } from './stop.js'
import { TOKENS_EVERY_MS, watchFiles } from './watch.js'
import { welcome } from './welcome.js'

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
  const logger = createLogger(config)
  for (const warning of config.warnings) logger.warn(warning)
  const server = await startServer(config, logger)
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

/** JSON lines for machines; on a terminal, readable ones. */
function createLogger(config: Config): Logger {
  const options = { level: config.logLevel, base: { environment: config.environment } }
  if (!process.stdout.isTTY) return pino(options)
  const pretty = {
    target: 'pino-pretty',
    options: {
      colorize: true,
      ignore: 'environment',
      translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l "UTC"',
      singleLine: true,
    },
  }
  return pino({ ...options, transport: pretty })
}

main().catch(error => {
  process.stderr.write(`killswitch cannot start:\n${explainFault(error, config)}\n`)
  process.exit(1)
})
