// Makes the site of the pages in $TUTORIAL_DOCS in the folder $TUTORIAL_SITE, for a server that has it under
// $TUTORIAL_BASE; or, as `node build.js serve`, serves it on the loopback interface until it is ended.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { preview } from 'vite'
import { build } from 'vitepress'
import { copyPages } from './pages.js'

const here = path.dirname(fileURLToPath(import.meta.url))
const { TUTORIAL_DOCS: docs, TUTORIAL_SITE: site, TUTORIAL_BASE: base } = process.env

/// Returns the address. A port that is taken is not the port: it is the next free one then.
export async function serve(port) {
  const { resolvedUrls } = await preview({
    configFile: false,
    root: here,
    base,
    appType: 'mpa',
    logLevel: 'warn',
    build: { outDir: site },
    preview: { host: '127.0.0.1', port },
  })
  return resolvedUrls.local[0]
}

if (process.argv[2] === 'site') {
  copyPages(docs, path.join(here, 'pages'))
  await build(here)
} else if (process.argv[2] === 'serve') {
  console.log(`The site is at ${await serve(8080)}; Ctrl-C ends this.`)
}
