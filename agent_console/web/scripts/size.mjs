// Fails when the first route weighs more than 250 kB compressed: `node scripts/size.mjs FOLDER`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const LIMIT = 250_000
const folder = process.argv[2]
const manifest = JSON.parse(readFileSync(join(folder, '.vite', 'manifest.json'), 'utf8'))

function filesOf(key, found = new Set()) {
  const chunk = manifest[key]
  if (!chunk || found.has(chunk.file)) return found
  found.add(chunk.file)
  for (const style of chunk.css ?? []) found.add(style)
  for (const other of chunk.imports ?? []) filesOf(other, found)
  return found
}

// What a browser loads to show the workbench: the entry, the shell and the page with all they import.
const ROUTES = ['index.html', 'src/pages/ConsoleShell.vue', 'src/pages/WorkbenchPage.vue']
for (const route of ROUTES) {
  if (!manifest[route]) throw new Error(`${route} is not in the build`)
}
const files = new Set(ROUTES.flatMap((route) => [...filesOf(route)]))
const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file))).length, 0)
console.log(`first route: ${(bytes / 1000).toFixed(1)} kB gz in ${files.size} files (limit ${LIMIT / 1000})`)
if (bytes > LIMIT) process.exit(1)
