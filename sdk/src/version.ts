// Name and version as a receipt carries them. A test holds it to package.json.

export const VERSION = '0.1.0'
export const SDK: string = `killswitch-js/${VERSION}`
