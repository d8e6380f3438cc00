// The theme of VitePress with a switch of language that stays at the section, and buttons that copy commands.
import { useData, useRoute, withBase } from 'vitepress'
import Theme from 'vitepress/theme-without-fonts'
import { h, nextTick, onMounted, ref, watch } from 'vue'
import './copy.js'
import { sectionInSight } from './section.js'
import './style.css'

const LanguageSwitch = {
  setup() {
    const { page, lang } = useData()
    const route = useRoute()
    const section = ref('')
    const update = () => (section.value = sectionInSight() ?? '')
    onMounted(() => {
      for (const event of ['scroll', 'hashchange']) addEventListener(event, update, { passive: true })
      watch(() => route.data, () => nextTick(update), { immediate: true })
    })
    return () => {
      const [text, language] = lang.value === 'en' ? ['中文', 'zh-CN'] : ['English', 'en']
      const { other = language === 'en' ? 'index.md' : 'zh/index.md' } = page.value.frontmatter
      const path = withBase(`/${other}`).replace(/index\.md$/, '').replace(/\.md$/, '.html')
      const href = path + (section.value && `#${section.value}`)
      return h('a', { class: 'language', lang: language, hreflang: language, href, target: '_self' }, text)
    }
  },
}

const NotFound = () => h('main', { class: 'vp-doc not-found' }, [
  h('h1', '404'),
  h('p', [h('a', { href: withBase('/') }, 'There is no such page. Start here.')]),
  h('p', { lang: 'zh-CN' }, [h('a', { href: withBase('/zh/') }, '没有这一页。从这里开始。')]),
])

export default {
  extends: Theme,
  Layout: () => h(Theme.Layout, null, { 'nav-bar-content-after': () => h(LanguageSwitch), 'not-found': NotFound }),
}
