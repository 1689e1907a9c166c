// YAML that leaves by a terminal: the document of a JSON text, in which what would act on a terminal is replaced. It says the same
// to readers of YAML 1.1, to whom a bare `off` is a boolean.

import { stringify } from 'yaml'
import { visibleIn } from './terminal.js'

export const inertYaml = (json: string): string =>
  stringify(visibleIn(JSON.parse(json) as unknown), {
    version: '1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })
