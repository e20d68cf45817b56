// While the focus is in a field marked `data-identity`, the conversation is not recorded.
import { onScopeDispose } from 'vue'
import { useCall } from '@/stores/call'
import { useRecording } from '@/stores/recording'
import { useTalk } from '@/stores/talk'

const isIdentity = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest('[data-identity]') !== null

export interface IdentityPause { focusin: (event: FocusEvent) => void; focusout: (event: FocusEvent) => void }

/** Handlers for the form around such fields. */
export function useIdentityPause(): IdentityPause {
  const calls = useCall()
  const talks = useTalk()
  const recording = useRecording()
  let hidden: string | null = null

  function leave(): void {
    if (hidden !== null) void recording.hideIdentity(hidden, false)
    hidden = null
  }
  onScopeDispose(leave)
  return {
    focusin: ({ target }) => {
      const sid = calls.live && talks.mine ? calls.call?.sid : undefined
      if (!isIdentity(target) || sid === undefined || hidden !== null) return
      hidden = sid
      void recording.hideIdentity(sid, true)
    },
    focusout: ({ target, relatedTarget }) => {
      if (isIdentity(target) && !isIdentity(relatedTarget)) leave()
    },
  }
}
