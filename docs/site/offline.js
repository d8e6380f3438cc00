// Makes the whole course one HTML file and one PDF for each language, to be read without a server or on paper. In the
// file, each anchor has the name of its page in front: #part1--the-whole-stream.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { createMarkdownRenderer } from 'vitepress'
import config from './.vitepress/config.js'
import { contents, copyPages } from './pages.js'

const here = path.dirname(fileURLToPath(import.meta.url))
const pages = path.join(here, 'pages')
const read = (...file) => fs.readFileSync(path.join(here, ...file), 'utf8')
const names = (folder) => fs.readdirSync(path.join(pages, folder), { recursive: true })
  .filter((name) => name.endsWith('.md')).sort().map((name) => `${folder}/${name.slice(0, -3)}`)

const languages = {
  en: { lang: 'en', folder: '', title: 'Socket programming in C++', contents: 'Contents', sources: 'The sources', other: 'zh' },
  zh: { lang: 'zh-CN', folder: 'zh/', title: 'C++ 套接字编程', contents: '目录', sources: '源代码', other: 'en' },
}

/// A page as a section of the file.
function section(md, page, { other, folder }) {
  const name = path.join(pages, `${page}.md`)
  const id = page.slice(page.startsWith('zh/') ? 3 : 0) // anchors are the same in both languages
  const html = md.render(fs.readFileSync(name, 'utf8'), { path: name, relativePath: `${page}.md` })
    .replaceAll(' v-pre', '')
    .replace(/<a class="header-anchor".*?<\/a>/g, '')
    .replace(/ id="([^"]+)"/g, ` id="${id}--$1"`)
    .replace(/ href="([^":#]*?)(?:\.html)?(?:#([^"]*))?"/g, (_, target, anchor) => {
      const to = target ? path.resolve('/', path.dirname(page), target.replace(/\/$/, '/index')).slice(1) : page
      const file = !folder && to.startsWith('zh/') ? `sockets.${other}.html` : ''
      return ` href="${file}#${to.replace(/^zh\//, '')}${anchor ? `--${anchor}` : ''}"`
    })
    .replace(/ src="([^"]+)"/g, (_, picture) =>
      ` src="data:image/svg+xml;base64,${fs.readFileSync(path.join(path.dirname(name), picture)).toString('base64')}"`)
  return `<section id="${id}"${folder && !page.startsWith('zh/') ? ' lang="en"' : ''}>\n${html}</section>\n`
}

/// The list of pages and their sections; on paper, each has the number of its page.
function tableOf(sections) {
  const entry = (id, title) => `<a href="#${id}"><span>${title}</span> <b data-page="${id}"></b></a>`
  return sections.map((html) => {
    const [first, ...rest] = [...html.matchAll(/<h([12]) id="([^"]+)"[^>]*>(.*?)\s*<\/h\1>/g)]
    const shown = first[2].startsWith('lab/') ? [] : rest
    const inner = shown.map(([, , id, title]) => `<li>${entry(id, title)}</li>`).join('')
    return `<li>${entry(first[2], first[3])}${inner && `<ul>${inner}</ul>`}</li>`
  }).join('\n')
}

async function htmlOf(language) {
  const md = await createMarkdownRenderer(pages, config.markdown)
  const ours = languages[language]
  const other = languages[ours.other]
  const chapters = ['index', ...contents(path.join(docs, ours.folder)).map(({ link }) => link)]
    .flatMap((link) => [ours.folder + link, ...(link === 'lab' ? names(`${ours.folder}lab`) : [])])
  const text = chapters.map((page) => section(md, page, ours))
  const sources = names('source').map((page) => section(md, page, ours))
  return `<!doctype html>
<html lang="${ours.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${ours.title}</title>
<link rel="icon" href="data:,">
<style>
${read('offline.css')}</style>
</head>
<body>
<nav aria-label="${ours.contents}">
<p class="title">${ours.title}</p>
<p><a id="switch" href="sockets.${ours.other}.html" lang="${other.lang}">${language === 'en' ? '中文' : 'English'}</a></p>
<ol>
${tableOf(text)}
</ol>
<details class="sources"><summary>${ours.sources}</summary><ol>
${tableOf(sources)}
</ol></details>
</nav>
<main>
${text.join('')}<div class="sources">
${sources.join('')}</div>
</main>
<script>
${read('.vitepress', 'theme', 'copy.js')}${read('.vitepress', 'theme', 'section.js').replace('export ', '')}
const link = document.getElementById('switch')
for (const event of ['focus', 'pointerdown']) link.addEventListener(event, () => (link.hash = sectionInSight() ?? ''))
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((details) => (details.open = true)))
</script>
</body>
</html>
`
}

/// { 'part1--the-whole-stream': 21, ... }, as Chromium writes it into a PDF. CSS for this is not in browsers yet.
function pageNumbers(pdf) {
  const text = pdf.toString('latin1')
  const all = [...text.matchAll(/^(\d+) 0 obj\n<<\/Type \/Page\n/gm)].map((match) => match[1])
  const anchors = text.matchAll(/\/(\S+) \[(\d+) 0 R \/XYZ/g)
  return Object.fromEntries([...anchors].map(([, name, object]) =>
    [name.replace(/#(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), all.indexOf(object) + 1]))
}

function numberContents(numbers) {
  for (const entry of document.querySelectorAll('[data-page]')) entry.textContent = numbers[entry.dataset.page] ?? ''
}

const { TUTORIAL_DOCS: docs, TUTORIAL_OFFLINE: to } = process.env
copyPages(docs, pages)
fs.mkdirSync(to, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env.TUTORIAL_BROWSER,
  args: process.getuid() ? [] : ['--no-sandbox'], // which Chromium demands of root
})
for (const language of Object.keys(languages)) {
  const file = path.join(to, `sockets.${language}`)
  fs.writeFileSync(`${file}.html`, await htmlOf(language))
  const page = await browser.newPage()
  await page.goto(`file://${file}.html`)
  const options = { preferCSSPageSize: true, printBackground: true, outline: true, tagged: true }
  const print = () => page.pdf({ path: `${file}.pdf`, ...options })
  await page.evaluate(numberContents, pageNumbers(await print()))
  await print()
  await page.close()
}
await browser.close()
