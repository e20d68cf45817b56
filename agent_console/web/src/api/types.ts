// Short names for the generated API types.
import type { components, paths } from './types.gen'

type Schemas = components['schemas']
export type Session = Schemas['SessionOut']
export type User = Schemas['UserOut']
export type Category = Schemas['CategoryOut']
export type Region = Schemas['RegionOut']
export type Union = Schemas['UnionOut']
export type Employer = Schemas['EmployerOut']
export type EmployerOnTicket = Schemas['EmployerOnTicket']
export type Ticket = Schemas['TicketOut']
export type TicketSummary = Schemas['TicketSummary']
export type TicketPage = Schemas['TicketPage']
export type TicketEdit = Schemas['TicketEdit']
/** What is asked of a ticket besides its commands: who it is about, who may read it, what the clock proposes. */
type NoCommand = 'reveal' | 'break_glass' | 'readers' | `proposals/${string}` | `attachments${string}`
/** The commands of a ticket, each with a body of its own. */
type CommandPath = Extract<keyof paths, `/api/tickets/{number}/${string}`>
export type CommandName = { [P in CommandPath]: paths[P] extends { post: { requestBody: unknown } } ? (P extends `/api/tickets/{number}/${infer Name}` ? Exclude<Name, NoCommand> : never) : never }[CommandPath]
export type CommandFields<Name extends CommandName> = Omit<NonNullable<paths[`/api/tickets/{number}/${Name}`]['post']['requestBody']>['content']['application/json'], 'version'>
export type Attachment = Schemas['AttachmentOut']
export type Letter = Schemas['LetterOut']
export type Action = Schemas['ActionOut']
export type Clock = Schemas['ClockOut']
export type TicketEvent = Schemas['EventOut']
export type Ranking = Schemas['RankingOut']
export type Recommendation = Schemas['RecommendationOut']
export type UnionPreview = Schemas['UnionPreview']
export type Reveal = Schemas['RevealOut']
export type Suggestions = Schemas['SuggestOut']
export type Call = Schemas['CallDetail']
export type Offer = Schemas['OfferOut']
export type Presence = Schemas['PresenceOut']
export type PresenceChoice = Schemas['PresenceIn']['state']
export type Line = Schemas['LineOut']
export type ReturnCall = Schemas['ReturnCallOut']
export type ReturnCallOutcome = Schemas['ReturnCallDone']['outcome']
export type CallbackDue = Schemas['CallbackDueOut']
export type Urgency = Ticket['urgency']
export type OutcomeIn = Schemas['OutcomeIn']
