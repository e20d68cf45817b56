// Short messages at the edge of the screen; errors stay until they are read.
import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface Notice { id: number; kind: 'info' | 'error'; text: string }
const SHOWN_MS = 4000

export const useNotices = defineStore('notices', () => {
  const notices = ref<Notice[]>([])
  let last = 0

  function close(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id)
  }

  function tell(text: string, kind: Notice['kind'] = 'info'): void {
    const id = ++last
    notices.value = [...notices.value.filter((notice) => notice.text !== text), { id, kind, text }].slice(-4)
    if (kind === 'info') setTimeout(() => close(id), SHOWN_MS)
  }

  return { notices, tell, close }
})
