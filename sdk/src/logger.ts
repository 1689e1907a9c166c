// Where the SDK speaks to people: the logger it was given, or stderr. Knows how to say a thing once.

export type Logger = {
  debug?(message: string): void
  info?(message: string): void
  warn(message: string): void
  error(message: string): void
}

export const consoleLogger: Logger = {
  warn: message => console.warn(message),
  error: message => console.error(message),
}

export type Voice = {
  warn(message: string): void
  error(message: string): void
  debug(message: string): void
  /** Warns unless `topic` was warned about with the same text before. */
  once(topic: string, message: string): void
  /** Forgets a topic, so that its next warning is heard again. */
  settled(topic: string): void
}

/** Prefixes every line, and never lets a throwing logger reach the app. */
export function voice(logger: Logger): Voice {
  const said = new Map<string, string>()
  const speak = (level: 'debug' | 'warn' | 'error', message: string) => {
    try {
      logger[level]?.(`killswitch: ${message}`)
    } catch {
      // a logger that throws is the app's to mend, and no reason to stop following
    }
  }
  return {
    warn: message => speak('warn', message),
    error: message => speak('error', message),
    debug: message => speak('debug', message),
    once(topic, message) {
      if (said.get(topic) === message) return
      said.set(topic, message)
      speak('warn', message)
    },
    settled: topic => void said.delete(topic),
  }
}
