// The official data of OpenFeature and flagd, where it lies beside the project: schemas to hold answers against. Tests that
// need it skip aloud where it is not there; nothing else does.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { parse } from 'yaml'
import { ROOT } from './server.js'

const SHARED = process.env.KILLSWITCH_SHARED_DIR ?? join(ROOT, '..', 'shared')
const CONFORMANCE = join(SHARED, 'conformance')

/** For `skip`: false where the data is there, else where it was looked for. */
export const withoutConformance: string | false =
  !existsSync(CONFORMANCE) && `no conformance data in ${CONFORMANCE} (KILLSWITCH_SHARED_DIR)`

/** What is wrong with a value; empty where nothing is. */
export type Check = (value: unknown) => string[]

const LOOSE = { strict: false, allErrors: true }

const compile = (ajv: Ajv, schemas: object[], id: string): Check => {
  formats.default(ajv)
  for (const schema of schemas) ajv.addSchema(schema)
  const validate = ajv.getSchema(id)
  if (validate === undefined) throw new Error(`no schema ${id}`)
  return value => {
    void validate(value)
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
}

type Schemas = Record<string, { oneOf?: object[]; allOf?: { oneOf?: object[]; anyOf?: object[] }[] }>

/** One of the schemas of OFREP's openapi.yaml. Its `oneOf` over value types rejects every scalar: it is read as `anyOf`. */
export function ofrepSchema(name: string): Check {
  const text = readFileSync(join(CONFORMANCE, 'ofrep', 'openapi.yaml'), 'utf8')
  const { components } = parse(text) as { components: { schemas: Schemas } }
  for (const part of components.schemas.evaluationSuccess?.allOf ?? []) {
    if (part.oneOf === undefined) continue
    part.anyOf = part.oneOf
    delete part.oneOf
  }
  return compile(new Ajv2020(LOOSE), [{ $id: 'ofrep:', components }], `ofrep:#/components/schemas/${name}`)
}

/** flagd's own schema of a flags document. */
export function flagdSchema(): Check {
  const read = (file: string) =>
    JSON.parse(readFileSync(join(CONFORMANCE, 'flagd-schemas', 'json', file), 'utf8')) as { $id: string }
  const flags = read('flags.json')
  return compile(new Ajv(LOOSE), [read('targeting.json'), flags], flags.$id)
}
