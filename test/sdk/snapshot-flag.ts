// A flag as a snapshot has it: normal, and never flipped, where nothing else is said.

import type { SnapshotFlag } from '../../src/wire/snapshot.js'

export const flag = (more: Partial<SnapshotFlag> = {}): SnapshotFlag => ({
  application: 'app',
  variants: { on: true, off: false },
  defaultVariant: 'on',
  killVariant: 'off',
  metadata: {},
  effect: 'stops',
  onStale: 'keep',
  flipped: 0,
  ...more,
})
