// Who is signed in.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { ask, http, ProblemError } from '@/api/client'
import type { Session } from '@/api/types'

const UNION_ROLES = ['union_handler', 'union_leader', 'union_administrator']
const PHONE_ROLES = ['operator', 'callback_operator', 'counsellor', 'lawyer', 'supervisor', 'duty_leader']

export const useSession = defineStore('session', () => {
  const session = shallowRef<Session | null>(null)
  const asked = ref(false)
  const user = computed(() => session.value?.user ?? null)
  const isUnion = computed(() => UNION_ROLES.includes(user.value?.role ?? ''))
  const takesCalls = computed(() => PHONE_ROLES.includes(user.value?.role ?? ''))
  /** Whether the role may do this somewhere; buttons still follow what each object allows. */
  const may = (action: string): boolean => session.value?.actions.includes(action) ?? false
  const home = computed(() => {
    if (!user.value) return '/sign-in'
    if (isUnion.value) return user.value.role === 'union_administrator' ? '/users' : '/inbox'
    if (user.value.role === 'administrator') return '/admin'
    if (user.value.role === 'callback_operator') return '/callbacks'
    return takesCalls.value ? '/workbench' : '/tickets'
  })

  async function load(): Promise<void> {
    try {
      session.value = await ask(http.GET('/api/session'))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      session.value = null
    }
    asked.value = true
  }

  async function signIn(name: string, password: string): Promise<void> {
    session.value = await ask(http.POST('/api/session', { body: { name, password } }))
    asked.value = true
  }

  const passwordTemporary = computed(() => session.value?.password_temporary ?? false)

  async function changePassword(current: string, fresh: string): Promise<void> {
    await ask(http.PUT('/api/session/password', { body: { current, new: fresh } }))
    await load()
  }

  async function signOut(): Promise<void> {
    await ask(http.DELETE('/api/session'))
    session.value = null
  }

  function forget(): void {
    session.value = null
  }

  return { session, asked, user, isUnion, takesCalls, home, may, load, signIn, signOut, forget, passwordTemporary, changePassword }
})
