// Text for a chat, as its webhooks take it: Slack's, and those that read Markdown. It mentions nobody, and a link in it
// shows where it leads.

import { oneLine } from './characters.js'

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** On one line. Slack shows entities as their characters, and so does Markdown. */
export const inChat = (text: string): string =>
  inMessage(text).replace(/[&<>]/g, sign => ENTITIES[sign] as string)

/** The same in a message that a person sends on, by a chat or otherwise. */
export const inMessage = (text: string): string =>
  oneLine(text)
    .replace(/\](?=[([:])/g, '] ')
    .replace(/(?<![\p{L}\p{N}._+-])@(?=\p{L})/gu, '@ ')
