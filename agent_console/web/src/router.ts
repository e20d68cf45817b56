// Pages and who they are for; each is loaded when it is first visited.
import { createRouter, createWebHistory, type Router } from 'vue-router'
import { useSession } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Needs no session. */
    open?: boolean
    title?: string
  }
}

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: '/', name: 'home', component: () => import('./pages/SignIn.vue') },
      { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignIn.vue'), meta: { open: true, title: 'page.signIn' } },
      {
        path: '/',
        component: () => import('./pages/ConsoleShell.vue'),
        children: [
          { path: 'workbench', component: () => import('./pages/WorkbenchPage.vue'), meta: { title: 'page.workbench' } },
          { path: 'tickets', component: () => import('./pages/TicketListPage.vue'), meta: { title: 'page.tickets' } },
          { path: 'tickets/:number', component: () => import('./pages/TicketPage.vue'), props: true, meta: { title: 'page.ticket' } },
          { path: 'callbacks', component: () => import('./pages/CallbacksPage.vue'), meta: { title: 'page.callbacks' } },
          { path: 'pool', component: () => import('./pages/PoolPage.vue'), meta: { title: 'pool.title' } },
          { path: 'knowledge', component: () => import('./pages/KnowledgePage.vue'), meta: { title: 'page.knowledge' } },
          { path: 'quality', component: () => import('./pages/QualityPage.vue'), meta: { title: 'page.quality' } },
          { path: 'sla', component: () => import('./pages/SlaBoardPage.vue'), meta: { title: 'page.sla' } },
          { path: 'reports', component: () => import('./pages/ReportsPage.vue'), meta: { title: 'page.reports' } },
          { path: 'floor', component: () => import('./pages/FloorPage.vue'), meta: { title: 'page.floor' } },
          { path: 'shifts', component: () => import('./pages/ShiftsPage.vue'), meta: { title: 'acd.tabs.shifts' } },
          { path: 'admin/:section?/:name?', component: () => import('./pages/AdminPage.vue'), props: true, meta: { title: 'page.admin' } },
          { path: 'partner-events', component: () => import('./pages/PartnerEventsPage.vue'), meta: { title: 'page.partnerEvents' } },
          { path: 'return-calls', component: () => import('./pages/ReturnCallsPage.vue'), meta: { title: 'page.returnCalls' } },
        ],
      },
      { path: '/wallboard', component: () => import('./pages/WallboardPage.vue'), meta: { title: 'page.wallboard' } },
      { path: '/inbox', component: () => import('./pages/InboxPage.vue'), meta: { title: 'page.inbox' } },
      { path: '/inbox/:number', component: () => import('./pages/InboxTicketPage.vue'), props: true, meta: { title: 'page.inbox' } },
      { path: '/inbox/more/:part', component: () => import('./pages/InboxMorePage.vue'), props: true, meta: { title: 'page.inbox' } },
      { path: '/users', component: () => import('./pages/UsersPage.vue'), meta: { title: 'page.users' } },
      { path: '/password', name: 'password', component: () => import('./pages/PasswordPage.vue'), meta: { title: 'page.password' } },
      { path: '/l/:link?', component: () => import('./pages/LinkPage.vue'), props: true, meta: { open: true, title: 'page.link' } },
      { path: '/phone', component: () => import('./pages/PhonePage.vue'), meta: { open: true, title: 'page.phone' } },
      { path: '/progress', component: () => import('./pages/ProgressPage.vue'), meta: { open: true, title: 'worker.progress.title' } },
      { path: '/request', component: () => import('./pages/RequestPage.vue'), meta: { open: true, title: 'worker.request.title' } },
      { path: '/verify', component: () => import('./pages/VerifyPage.vue'), meta: { open: true, title: 'worker.verify.title' } },
      { path: '/:rest(.*)*', component: () => import('./pages/NotFound.vue'), meta: { open: true, title: 'page.notFound' } },
    ],
  })

  router.beforeEach(async (to) => {
    if (to.meta.open && to.name !== 'sign-in') return true
    const session = useSession()
    if (!session.asked) await session.load().catch(() => undefined)
    if (to.name === 'sign-in') return session.user ? session.home : true
    if (!session.user) return { name: 'sign-in', query: to.name === 'home' ? {} : { next: to.fullPath } }
    if (session.passwordTemporary && to.name !== 'password') return { name: 'password' }
    return to.name === 'home' ? session.home : true
  })
  return router
}
