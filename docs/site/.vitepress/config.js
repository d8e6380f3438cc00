// How VitePress makes the site of the pages that pages.js has copied.
import fs from 'node:fs'
import { contents, titleOf } from '../pages.js'

const docs = process.env.TUTORIAL_DOCS

// The anchors that GitHub gives to headings.
const slugify = (text) => text.trim().toLowerCase().replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-')

/// Words at punctuation, as always; Chinese, which has no spaces, in pairs of characters. It is sent to the browser as
/// text, so that it may use nothing from outside.
function tokenize(text) {
  const han = /\p{Script=Han}+/gu
  const pairs = (text.match(han) ?? []).flatMap((run) =>
    [...run].map((character, i, all) => (i + 1 < all.length || all.length === 1 ? character + (all[i + 1] ?? '') : '')))
  return text.replace(han, ' ').split(/[\n\r\p{Z}\p{P}]+/u).concat(pairs).filter(Boolean)
}

/// Headings of the Chinese pages have the anchors of the English ones, which stand above them.
function englishAnchors(md) {
  md.core.ruler.after('inline', 'english-anchors', ({ tokens }) => {
    for (let i = 0; i < tokens.length; ++i) {
      const anchor = tokens[i].content.match(/^<a id="([^"]+)"><\/a><!-- \w+ -->$/)
      if (tokens[i].type !== 'inline' || !anchor) continue
      tokens[i + 2].attrSet('id', anchor[1])
      tokens.splice(--i, 3) // the paragraph
    }
  })
}

/// What a block's button copies: of a console the commands, and there is none where there are no commands.
function copyCommands(md) {
  const { fence } = md.renderer.rules
  md.renderer.rules.fence = (tokens, i, options, env, self) => {
    const text = tokens[i].content.replace(/\n$/, '')
    const isConsole = tokens[i].info === 'console'
    const commands = () => [...text.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command).join('\n')
    const copied = isConsole ? commands() : text
    const chinese = env.relativePath?.startsWith('zh/')
    const label = isConsole ? (chinese ? '复制命令' : 'Copy the commands') : (chinese ? '复制代码' : 'Copy the code')
    const data = copied === text.trimEnd() ? '' : ` data-copy="${md.utils.escapeHtml(copied)}"` // else it is what is shown
    const button = copied && `<button class="copy" title="${label}" aria-label="${label}"${data}></button>`
    return fence(tokens, i, options, env, self).replace(/<button title="[^"]*" class="copy"><\/button>/, () => button)
  }
}

/// A link to a source is a new page for the browser: in one that VitePress puts there, no line would be the :target.
function loadSources(md) {
  const { link_open: open } = md.renderer.rules
  md.renderer.rules.link_open = (...all) => open(...all).replace(/<a (?=href="[^"]*\/source\/)/, '<a target="_self" ')
}

/// `Dict{{1, "Hey"}}` is no expression for Vue.
function noExpressions(md) {
  for (const rule of ['text', 'code_inline']) {
    const render = md.renderer.rules[rule]
    md.renderer.rules[rule] = (...all) => render(...all).replaceAll('{{', '&#123;&#123;')
  }
}

/// What axe finds in the theme: a search that says it is a button with a list of options, contents outside of landmarks.
const repairs = {
  'VPLocalSearchBox.vue': [
    ['role="button"', 'role="dialog" aria-modal="true"'],
    [`:aria-owns="results?.length ? 'localsearch-list' : undefined"`, ''],
    ['aria-expanded="true"', ''],
    ['aria-haspopup="listbox"', ''],
    [`:role="results?.length ? 'listbox' : undefined"`, ''],
    [`:aria-selected="selectedIndex === index ? 'true' : 'false'"`, ''],
    ['role="option"', ''],
    [`:aria-label="[...p.titles, p.title].join(' > ')"`, ''],
    ['<kbd :aria-label', '<kbd role="img" :aria-label'],
  ],
  'VPLocalNavOutlineDropdown.vue': [['class="items"', 'class="items" role="navigation" :aria-label="resolveTitle(theme)"']],
}

const repairTheme = {
  name: 'repair-theme',
  enforce: 'pre',
  transform: (code, id) => (repairs[id.split('/').pop()] ?? []).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${id} of VitePress has changed: there is no ${from}`)
    return text.replaceAll(from, to)
  }, code),
}

/// Lines of a source have numbers, which are anchors.
const numberedLines = {
  line(node, line) {
    if (this.options.meta?.__raw?.includes('source')) node.properties.id = `L${line}`
  },
}

const bugs = (language) => fs.readdirSync(`${docs}/${language}lab`).map((name) => ({
  text: titleOf(`${docs}/${language}lab/${name}`),
  link: `/${language}lab/${name.replace('.md', '')}`,
}))

const sidebar = (language) => [{
  items: contents(`${docs}/${language}`).map(({ text, link }) => ({
    text,
    link: `/${language}${link}`,
    ...(link === 'lab' && { collapsed: true, items: bugs(language) }),
  })),
}]

export default {
  srcDir: 'pages',
  outDir: process.env.TUTORIAL_SITE,
  base: process.env.TUTORIAL_BASE,
  title: 'Socket programming in C++',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  locales: {
    root: { lang: 'en', themeConfig: { sidebar: sidebar('') } },
    zh: {
      lang: 'zh-CN',
      title: 'C++ 套接字编程',
      themeConfig: {
        siteTitle: 'C++ 套接字编程',
        sidebar: sidebar('zh/'),
        outline: { label: '本页内容', level: [2, 3] },
        docFooter: { prev: '上一页', next: '下一页' },
        sidebarMenuLabel: '目录',
        returnToTopLabel: '回到顶部',
        darkModeSwitchLabel: '深色',
        lightModeSwitchTitle: '切换到浅色',
        darkModeSwitchTitle: '切换到深色',
        skipToContentLabel: '跳到正文',
      },
    },
  },
  themeConfig: {
    siteTitle: 'Sockets in C++', // what a narrow screen has room for
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          options: { tokenize },
          searchOptions: { combineWith: 'AND', prefix: true, fuzzy: false },
        },
        locales: {
          zh: {
            translations: {
              button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
              modal: {
                displayDetails: '显示详情',
                resetButtonTitle: '清除',
                backButtonTitle: '关闭搜索',
                noResultsText: '没有找到',
                footer: { selectText: '选择', navigateText: '移动', closeText: '关闭' },
              },
            },
          },
        },
      },
    },
  },
  router: { prefetchLinks: false }, // all pages together are large
  vite: { plugins: [repairTheme] },
  markdown: {
    anchor: { slugify },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' }, // on the grey of blocks,
    codeTransformers: [numberedLines],
    config(md) {
      englishAnchors(md)
      copyCommands(md)
      loadSources(md)
      noExpressions(md)
    },
  },
}
