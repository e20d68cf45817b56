// Commands from a phone: through the outbox, so that a poor network neither loses nor doubles them.
import { ProblemError } from '@/api/client'
import type { Ticket } from '@/api/types'
import { useOutbox } from '@/stores/outbox'
import { useTickets, type CommandBody } from '@/stores/tickets'
import { useUnion } from '@/stores/union'
import type { CommandValues, Through } from './useCommand'

/** A note is added beside whatever others did meanwhile; anything else is looked at again first. */
const BESIDE = ['add_progress']

export function useInboxCommands(): { through: Through; send: (ticket: Pick<Ticket, 'number' | 'version'>, command: string, label: string, body: CommandBody) => Promise<Ticket> } {
  const outbox = useOutbox()
  const tickets = useTickets()
  const union = useUnion()

  async function carry(number: string, command: string, version: number, body: CommandBody, key: string): Promise<Ticket> {
    try {
      return await union.command(number, command, version, body, key)
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'conflict' || !BESIDE.includes(command)) throw error
      const current = await tickets.get(number)
      return union.command(number, command, current.version, body, key)
    }
  }

  const post = (number: string, command: string, label: string, version: number, body: CommandBody, typed: CommandValues): Promise<Ticket> =>
    outbox.post({ label, ticket: number, command, typed }, (key) => carry(number, command, version, body, key))

  return {
    through: (ticket, command, version, body, typed) =>
      post(ticket.number, command, ticket.actions.find((action) => action.command === command)?.label ?? command, version, body, typed),
    send: (ticket, command, label, body) => post(ticket.number, command, label, ticket.version, body, {}),
  }
}
