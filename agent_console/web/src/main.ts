// Starts the console.
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { whenUnauthorised } from './api/client'
import { i18n } from './i18n'
import { makeRouter } from './router'
import { useSession } from './stores/session'
import './tokens.css'
import './base.css'

const app = createApp(App)
app.use(createPinia())
app.use(i18n)
const router = makeRouter()
app.use(router)

whenUnauthorised(() => {
  const session = useSession()
  const wasIn = session.user !== null
  session.forget()
  const here = router.currentRoute.value
  if (wasIn && here.meta.open !== true) void router.push({ path: '/sign-in', query: { next: here.fullPath } })
})

app.mount('#app')
