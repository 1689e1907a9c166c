// What an app imports. Everything else in this folder is nobody's business.

export type { FlagValue } from '../../src/domain/flag.js'
export type { Boot } from '../../src/domain/receipt.js'
export type { Snapshot } from '../../src/domain/snapshot.js'
export { type GuardOptions, killswitchGuard, killswitchMiddleware, type Problem } from './guard.js'
export type { Status } from './holding.js'
export { Killswitch, type State } from './killswitch.js'
export type { ChangeListener, FlagChange } from './listeners.js'
export type { Logger } from './logger.js'
export type { KillswitchOptions } from './options.js'
export { KillswitchProvider } from './provider.js'
export { KilledError } from './signals.js'
export { VERSION } from './version.js'
