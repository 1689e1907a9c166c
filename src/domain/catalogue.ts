// A fault in the files of the catalogue.

/** A fault refuses the files; `line` is 1-based. */
export type Fault = { file: string; line: number; message: string }

export const describeFault = ({ file, line, message }: Fault): string => `${file}:${line}: ${message}`
