// Copies the pages of docs/ to where VitePress makes the site of them. The copies differ where a site is not a folder:
// README.md is the first page, a link to a source leads to a page with that source, at the line where the quoted block
// begins, and each page knows its counterpart in the other language.
import fs from 'node:fs'
import path from 'node:path'

const read = (...file) => fs.readFileSync(path.join(...file), 'utf8')
const isFile = (file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile()

export const titleOf = (file) => read(file).match(/^# (.+)$/m)[1]

/// The order of the pages is that of the table in README.md: [{ text: 'Part 1: ...', link: 'part1' }, ...]
export function contents(docs) {
  const rows = read(docs, 'README.md').matchAll(/^\| \[(.+?)\]\((.+?)\.md\) \|/gm)
  return [...rows].map(([, text, link]) => ({ text, link }))
}

/// Where the block of these lines begins in a file; a block of a diff may be in either of its files.
function lineOf(block, file) {
  const source = read(file).split('\n').map((line) => line.trim())
  const gap = block.findIndex((line) => line.trim() === '...')
  const shown = gap < 0 ? block : block.slice(0, gap)
  const side = (other) => shown.filter((line) => line[0] !== other).map((line) => line.slice(1))
  for (const lines of [shown, side('+'), side('-')]) {
    const at = source.findIndex((_, i) => lines.length && lines.every((line, k) => source[i + k] === line.trim()))
    if (at >= 0) return at + 1
  }
}

// A link that linked() has made already, or the bare name of a file
const NAMED_SOURCE = /\[(`[^`]+`)\]\([\w/]*\/source\/([\w./]+)\.md\)|`([\w./]+\/[\w./]+)`/g

/// The text of a page with links into the site. Adds to `sources` what it links to.
function linked(file, docs, language, sources) {
  const root = path.dirname(docs)
  const lines = read(file).split('\n')
  const linkTo = (source, line) => {
    sources.add(source)
    return `(/${language}source/${source}.md${line ? `#L${line}` : ''})`
  }
  let above = [] // the lines of the paragraph above a block: they name its file
  for (let i = 0; i < lines.length; ++i) {
    const fence = lines[i].match(/^(```+)(\w*)/)
    if (!fence) {
      if (!lines[i] && !lines[i + 1]?.startsWith('```')) above = []
      if (lines[i]) above.push(i)
      lines[i] = lines[i].replace(/\]\(((?:\.\.\/)+[^)#]+)\)/g, (link, target) => {
        const source = path.relative(root, path.resolve(path.dirname(file), target))
        return source.startsWith('docs/') ? link : `]${linkTo(source)}`
      }).replace(/\]\(([\w./]*)README\.md/g, '](./$1index.md')
      continue
    }
    const begin = i
    while (!lines[++i].startsWith(fence[1]));
    if (/^(cpp|cmake|bash|diff)$/.test(fence[2])) {
      const block = lines.slice(begin + 1, i)
      for (const k of above) {
        lines[k] = lines[k].replace(NAMED_SOURCE, (all, text, target, bare) => {
          const source = target ?? bare
          const line = isFile(path.join(root, source)) && lineOf(block, path.join(root, source))
          return line ? `[${text ?? all}]${linkTo(source, line)}` : all
        })
      }
    }
    above = []
  }
  return lines.join('\n')
}

/// Copies the pages of the folder `docs` into the folder `to`.
export function copyPages(docs, to) {
  const sources = new Set()
  const write = (page, matter, text) => {
    fs.mkdirSync(path.dirname(path.join(to, page)), { recursive: true })
    fs.writeFileSync(path.join(to, page), `---\n${JSON.stringify(matter)}\n---\n${text}`)
  }
  fs.rmSync(to, { recursive: true, force: true })
  for (const name of fs.readdirSync(docs).filter((name) => name === 'pictures' || name.endsWith('.svg'))) {
    fs.cpSync(path.join(docs, name), path.join(to, name), { recursive: true })
  }
  for (const folder of ['', 'lab', 'zh', 'zh/lab']) {
    const language = folder.startsWith('zh') ? 'zh/' : ''
    for (const name of fs.readdirSync(path.join(docs, folder)).filter((name) => name.endsWith('.md'))) {
      const page = path.join(folder, name.replace('README', 'index'))
      const other = language ? page.slice(language.length) : `zh/${page}`
      write(page, { other }, linked(path.join(docs, folder, name), docs, language, sources))
    }
  }
  for (const source of sources) {
    const text = read(path.dirname(docs), source)
    const language = { '.hpp': 'cpp', '.cpp': 'cpp', '.cmake': 'cmake' }[path.extname(source)] ?? 'text'
    for (const [here, there] of [['', 'zh/'], ['zh/', '']]) {
      const other = `${there}source/${source}.md`
      const matter = { other, search: false, aside: false, prev: false, next: false }
      write(`${here}source/${source}.md`, matter, `# ${source}\n\n\`\`\`\`${language} source\n${text}\`\`\`\`\n`)
    }
  }
}
