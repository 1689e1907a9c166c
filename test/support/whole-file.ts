// What all tests of a file share, such as one Redis, ends with the last of them.

import t from 'tap'
import type { Teardown } from './testdir.js'

/** To be given where a helper wants a test's context. With `t.after` of the file's own `t`, what is open would keep the
 * file from ending, and the end from closing it. */
export const wholeFile: Teardown = { after: done => t.teardown(done) }
