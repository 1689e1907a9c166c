// One example for every answer in the documentation. They are real ones, kept in examples.json; test/http/openapi.test.ts
// asks the service for them again, and writes them anew with UPDATE_EXAMPLES=1.

import { readFileSync } from 'node:fs'

/** By operationId; a text stands for an answer that is not JSON. */
export const EXAMPLES: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(new URL('./examples.json', import.meta.url), 'utf8'),
)
