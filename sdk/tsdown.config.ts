// The package: ESM and CJS, each with its types, in one flat dist/. The few domain files that the SDK shares with the
// service are packed in; what package.json names is not. The types are read off the sources, file by file
// (isolatedDeclarations), so that no version of a compiler stands between: what they reach names its types.

import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/index.ts', 'src/testing.ts'],
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20',
  dts: { oxc: true },
  // a package that is neither named in package.json nor packed in by intent stops the build
  deps: { onlyBundle: [] },
  failOnWarn: true,
})
