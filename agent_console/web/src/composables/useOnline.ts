// Whether the server can be reached: the browser's own word and the socket's.
import { computed, ref, type ComputedRef } from 'vue'
import { connected } from '@/socket'

const browserOnline = ref(navigator.onLine)
window.addEventListener('online', () => (browserOnline.value = true))
window.addEventListener('offline', () => (browserOnline.value = false))

const online = computed(() => browserOnline.value && connected.value)

export function useOnline(): ComputedRef<boolean> {
  return online
}
