// Builds every page of the console into one folder of hashed assets.
import vue from '@vitejs/plugin-vue'
import { fileURLToPath, URL } from 'node:url'
import { defineConfig } from 'vitest/config'

const backend = process.env.HOTLINE_BACKEND ?? 'http://127.0.0.1:12351'

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: true, // Element Plus still mixes option objects in
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  // The charts' chunk is loaded by whoever opens one; what everybody loads is held to a limit by scripts/size.mjs.
  build: { outDir: '../static', emptyOutDir: true, assetsDir: 'assets', manifest: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 600 },
  server: {
    proxy: {
      '/api': backend,
      '/socket.io': { target: backend, ws: true },
      '/sandbox': { target: backend, ws: true },
    },
  },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'] },
})
