// The one socket: facts come in, nothing but "I am looking at this ticket" goes out.
import { io, type Socket } from 'socket.io-client'
import { ref } from 'vue'

export type FactKind = 'call' | 'offer' | 'line' | 'presence' | 'ticket' | 'notice'
export interface Fact { kind: FactKind; id: string; version: number; at: string }
export interface Watchers { ticket: string; users: string[] }

export const connected = ref(true)

let socket: Socket | undefined
const factListeners = new Set<(fact: Fact) => void>()
const resyncListeners = new Set<() => void>()
const watcherListeners = new Set<(watchers: Watchers) => void>()
const watched = new Set<string>()

export function openSocket(): void {
  if (socket) return
  socket = io({ path: '/socket.io/', transports: ['websocket', 'polling'], reconnectionDelayMax: 2000 })
  let first = true
  socket.on('connect', () => {
    connected.value = true
    for (const ticket of watched) socket?.emit('watch', { ticket })
    // Facts that passed while we were away are not repeated: everybody asks again.
    if (!first) for (const listener of resyncListeners) listener()
    first = false
  })
  socket.on('disconnect', () => {
    connected.value = false
  })
  socket.on('connect_error', () => {
    connected.value = false
  })
  socket.on('fact', (fact: Fact) => {
    for (const listener of factListeners) listener(fact)
  })
  socket.on('watchers', (watchers: Watchers) => {
    for (const listener of watcherListeners) listener(watchers)
  })
}

export function closeSocket(): void {
  socket?.disconnect()
  socket = undefined
  connected.value = true
}

/** Listen to facts of some kinds; returns how to stop. */
export function onFact(kinds: readonly FactKind[], act: (fact: Fact) => void): () => void {
  const listener = (fact: Fact): void => {
    if (kinds.includes(fact.kind)) act(fact)
  }
  factListeners.add(listener)
  return () => factListeners.delete(listener)
}

export function onResync(act: () => void): () => void {
  resyncListeners.add(act)
  return () => resyncListeners.delete(act)
}

/** Say that this page shows a ticket, and hear who else does; returns how to stop. */
export function watchTicket(ticket: string, act: (users: string[]) => void): () => void {
  const listener = (watchers: Watchers): void => {
    if (watchers.ticket === ticket) act(watchers.users)
  }
  watcherListeners.add(listener)
  watched.add(ticket)
  socket?.emit('watch', { ticket })
  return () => {
    watcherListeners.delete(listener)
    watched.delete(ticket)
    socket?.emit('unwatch', { ticket })
  }
}
