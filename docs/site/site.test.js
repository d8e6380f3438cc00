// Tries the site and the offline files in Chromium, as their readers would: ./tutorial site --test
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { serve } from './build.js'
import { contents, titleOf } from './pages.js'

const { TUTORIAL_DOCS: docs, TUTORIAL_SITE: site, TUTORIAL_OFFLINE: offline } = process.env
const axe = fs.readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const pages = fs.readdirSync(site, { recursive: true }).filter((name) => name.endsWith('.html'))
const bugs = fs.readdirSync(path.join(docs, 'lab')).map((name) => `lab/${name.slice(0, -'.md'.length)}`)

let browser, address

before(async () => {
  address = await serve(0)
  browser = await chromium.launch({
    executablePath: process.env.TUTORIAL_BROWSER,
    args: process.getuid() ? [] : ['--no-sandbox'],
  })
})

after(async () => {
  await browser.close()
  setTimeout(process.exit, 1000).unref() // the server has no other end
})

/// Opens a page. The test fails if the page reports an error or asks for anything from elsewhere.
async function open(t, url, options = {}, context = browser.newContext({ reducedMotion: 'reduce', ...options })) {
  const page = await (await context).newPage()
  const home = url.startsWith('file:') ? `file://${offline}/` : address
  const faults = []
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()))
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(home) && !/^(data|blob):/.test(request.url())) faults.push(request.url())
  })
  page.on('response', (response) => response.status() < 400 || faults.push(response.url()))
  t.after(async () => {
    await page.close()
    assert.deepEqual(faults, [])
  })
  await page.goto(url)
  if (home === address) await page.waitForFunction(() => document.querySelector('#app').__vue_app__) // it reacts now
  return page
}

/// What axe finds; in the dark, colours are all that differs.
async function assertAccessible(page) {
  await page.evaluate(axe)
  for (const [colorScheme, runOnly] of [['light', undefined], ['dark', ['color-contrast']]]) {
    await page.emulateMedia({ colorScheme })
    const options = { resultTypes: ['violations'], runOnly }
    const { violations } = await page.evaluate((options) => window.axe.run(document, options), options)
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id} ${html.slice(0, 150)}`))
    assert.deepEqual(found, [], colorScheme)
  }
}

async function assertFitsAPhone(page) {
  await page.setViewportSize({ width: 360, height: 740 })
  assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth), 360)
}

/// What should be copied from the blocks of a page: the commands of a console, any other block whole.
function blocksOf(file) {
  const blocks = fs.readFileSync(path.join(docs, file), 'utf8').matchAll(/^```(\w+)\n([^]*?)\n```$/gm)
  const commands = (text) => text.split('\n').filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
  return [...blocks].map(([, language, text]) => (language === 'console' ? commands(text).join('\n') : text)).filter(Boolean)
}

async function copyFrom(page, button) {
  await button.evaluate((element) => element.closest('details')?.setAttribute('open', ''))
  await button.press('Enter')
  const element = await button.elementHandle()
  await page.waitForFunction((button) => button.classList.contains('copied'), element)
  return page.evaluate(() => navigator.clipboard.readText())
}

const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] }
const anchors = new Map() // of each page
const links = [] // of all of them: { from, to }

test('every page: no error, nothing from elsewhere, both themes, a phone', { concurrency: 2 }, (t) => {
  const context = browser.newContext({ reducedMotion: 'reduce' })
  return Promise.all(pages.map((name) => t.test(name, async (t) => {
    const page = await open(t, address + name, {}, context)
    anchors.set(name, await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id)))
    const found = await page.evaluate(() => [...document.links].map(({ href }) => href))
    links.push(...found.map((to) => ({ from: name, to })))
    if (!name.startsWith('zh/source/')) await assertAccessible(page) // those are alike
    await assertFitsAPhone(page)
  })))
})

test('every link leads to a page of the site, and to an anchor of it', () => {
  assert.ok(links.length > 3000, `${links.length} links`)
  const dead = links.filter(({ to }) => {
    if (!to.startsWith(address)) return !/^https:\/\/[\w.-]+\.[a-z]+(\/|$)/.test(to)
    const [name, anchor] = to.slice(address.length).split('#')
    const found = anchors.get(name.replace(/(^|\/)$/, '$1index.html'))
    return !found || (anchor && !found.includes(decodeURIComponent(anchor)))
  })
  assert.deepEqual(dead, [])
})

test('headings have the anchors of GitHub, and in Chinese those of the English page', () => {
  const sections = (name) => anchors.get(name).filter((id) => !/^(v-|VP|app$|local-search$)/.test(id))
  for (const anchor of ['1-create-the-server', 'socket-one-end-of-a-connection', 'send-and-close', '2-create-the-client']) {
    assert.ok(sections('part1.html').includes(anchor), anchor)
  }
  for (const name of [...contents(docs).map(({ link }) => link), ...bugs]) {
    assert.deepEqual(sections(`zh/${name}.html`), sections(`${name}.html`))
  }
})

test('a block leads to its lines in the source', async (t) => {
  const page = await open(t, `${address}zh/part1.html`)
  const links = page.locator('main p:has(+ div.language-cpp) a[href*="source/part1_basic/server.cpp"]')
  assert.ok(await links.count() > 5)
  for (let i = 1; i < 4; ++i) {
    const block = links.nth(i).locator('xpath=../following-sibling::div[1]')
    const line = await block.locator('.line').first().textContent()
    await links.nth(i).click()
    await page.waitForURL(/\/zh\/source\/part1_basic\/server\.cpp\.html#L\d+$/)
    assert.equal((await page.locator('.line:target').textContent()).trim(), line.trim())
    await page.goBack()
  }
})

for (const [home, query] of [['', 'FD_SETSIZE'], ['zh/', 'FD_SETSIZE'], ['zh/', '半包'], ['zh/', '文件描述符'], ['zh/', '苏黎世']]) {
  test(`the search of /${home} finds ${query}, by keyboard alone`, async (t) => {
    const page = await open(t, address + home)
    await page.keyboard.press('/')
    await page.locator('#localsearch-input').fill(query)
    await page.locator('.VPLocalSearchBox .result').first().waitFor()
    await assertAccessible(page)
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.hash && url.href.startsWith(address + home))
    await page.locator('main', { hasText: query }).waitFor()
  })
}

test('the search does not find characters that only stand in another order', async (t) => {
  const page = await open(t, `${address}zh/`)
  await page.keyboard.press('Control+k')
  await page.locator('#localsearch-input').fill('包半')
  await page.locator('.VPLocalSearchBox .no-results').waitFor()
})

test('the menus of a phone are as good', async (t) => {
  const page = await open(t, `${address}zh/part1.html`, { viewport: { width: 360, height: 740 } })
  for (const button of ['.VPNavBarHamburger', '.VPLocalNav .menu', '.VPLocalNavOutlineDropdown button']) {
    await page.locator(button).press('Enter')
    await assertAccessible(page)
    await page.reload()
  }
})

for (const name of ['part1', 'zh/part1', 'lab/11_fd_setsize', 'zh/lab/11_fd_setsize']) {
  test(`the buttons of ${name} copy commands without outputs, and code whole`, async (t) => {
    const page = await open(t, `${address}${name}.html`, clipboard)
    const texts = []
    for (const button of await page.locator('main button.copy').all()) texts.push(await copyFrom(page, button))
    assert.deepEqual(texts, blocksOf(`${name}.md`))
  })
}

test('the switch of language keeps the section', async (t) => {
  const page = await open(t, `${address}part1.html#the-whole-stream`)
  const switchTo = async (expected) => {
    await page.locator(`a.language[href$="${expected}"]`).click()
    await page.waitForURL(address + expected)
    const anchor = expected.split('#')[1]
    const inSight = (id) => {
      const { top } = document.getElementById(id).getBoundingClientRect()
      return top >= 0 && top < innerHeight
    }
    if (anchor) await page.waitForFunction(inSight, anchor)
  }
  await switchTo('zh/part1.html#the-whole-stream')
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN')
  await page.locator('[id="6-four-things-that-go-wrong"]').evaluate((heading) => scrollTo(0, heading.offsetTop))
  await switchTo('part1.html#6-four-things-that-go-wrong')
  await page.goto(`${address}zh/source/common/socket.cpp.html#L20`)
  await switchTo('source/common/socket.cpp.html#L20')
  await page.goto(`${address}lab/11_fd_setsize.html#hints`)
  await switchTo('zh/lab/11_fd_setsize.html#hints')
  await switchTo('lab/11_fd_setsize.html#hints')
})

for (const home of ['', 'zh/']) {
  test(`next leads from /${home} through all pages`, async (t) => {
    const page = await open(t, address + home)
    const seen = []
    const next = page.locator('.pager-link.next')
    while (await next.count()) {
      const to = await next.getAttribute('href')
      await next.click()
      await page.waitForURL((url) => url.pathname === to)
      await page.waitForFunction((to) => document.querySelector('.pager-link.next')?.getAttribute('href') !== to, to)
      seen.push(to.slice(new URL(address).pathname.length, -'.html'.length))
    }
    const all = contents(path.join(docs, home)).flatMap(({ link }) => [link, ...(link === 'lab' ? bugs : [])])
    assert.deepEqual(seen, all.map((name) => home + name))
    await page.locator('.pager-link.prev').click()
    await page.waitForURL(`${address}${seen.at(-2)}.html`)
  })
}

test('the keyboard suffices, and shows where it is', async (t) => {
  const page = await open(t, `${address}part1.html`)
  await page.keyboard.press('Tab')
  assert.match(await page.evaluate(() => document.activeElement.className), /VPSkipLink/)
  await page.keyboard.press('Enter')
  const reached = new Set()
  for (let i = 0; i < 80; ++i) {
    await page.keyboard.press('Tab')
    const [element, visible] = await page.evaluate(() => {
      const { localName, className } = document.activeElement
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
      return [`${localName}.${className.split(' ')[0]}`, outlineStyle !== 'none' && parseFloat(outlineWidth) > 0]
    })
    assert.ok(visible, `${element} shows that it has the focus`)
    reached.add(element)
  }
  for (const element of ['a.', 'button.copy', 'pre.shiki', 'table.']) assert.ok(reached.has(element), element)
  await page.setViewportSize({ width: 360, height: 740 })
  await page.locator('main .language-cpp pre').first().press('ArrowRight')
  await page.waitForFunction(() => document.activeElement.scrollLeft > 0)
  await page.locator('main summary').first().press('Enter')
  assert.ok(await page.locator('main details').first().evaluate(({ open }) => open))
})

test('the theme is the system’s until the reader chooses another', async (t) => {
  const page = await open(t, `${address}part1.html`, { colorScheme: 'dark' })
  const scheme = () => page.evaluate(() => getComputedStyle(document.body).colorScheme)
  assert.equal(await scheme(), 'dark')
  await page.locator('.VPNavBarAppearance button').press('Enter')
  assert.equal(await scheme(), 'light')
  await page.reload()
  assert.equal(await scheme(), 'light')
})

test('pictures have the theme that the reader has chosen', async (t) => {
  const brightnessOf = async (png) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob())
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
    canvas.drawImage(bitmap, 0, 0)
    const { data } = canvas.getImageData(0, 0, bitmap.width, bitmap.height)
    return data.filter((_, i) => i % 4 === 1).reduce((sum, green) => sum + green, 0) / (data.length / 4)
  }
  for (const name of ['part1', 'part2', 'part3', 'part4']) {
    const page = await open(t, `${address}${name}.html`) // the system's is light
    for (const dark of [false, true]) {
      if (dark) await page.locator('.VPNavBarAppearance button').click()
      for (const picture of await page.locator('main img').all()) {
        const brightness = await page.evaluate(brightnessOf, (await picture.screenshot()).toString('base64'))
        assert.ok(dark ? brightness < 90 : brightness > 180, `${await picture.getAttribute('src')} has ${brightness}`)
      }
    }
  }
})

for (const [language, folder, other] of [['en', '', 'zh'], ['zh', 'zh', 'en']]) {
  const file = path.join(offline, `sockets.${language}`)
  const chapters = contents(path.join(docs, folder)).map(({ link }) => link)

  test(`sockets.${language}.html is whole by itself`, async (t) => {
    const page = await open(t, `file://${file}.html`)
    const sources = pages.filter((name) => name.startsWith('source/')).length
    assert.equal(await page.locator('section').count(), 1 + chapters.length + bugs.length + sources)
    assert.equal(await page.locator('section[lang]').count(), folder ? sources : 0) // in another language than the file
    const pictures = await page.evaluate(() => [...document.images].map((image) => image.naturalWidth))
    assert.ok(pictures.length >= 7 && pictures.every((width) => width > 0), pictures)
    const hrefs = await page.evaluate(() => [...document.links].map((link) => link.getAttribute('href')))
    const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id))
    assert.equal(new Set(ids).size, ids.length)
    const leads = (href) => (href.startsWith('#') ? ids.includes(decodeURIComponent(href.slice(1))) : href.startsWith('https://'))
    const others = hrefs.filter((href) => !leads(href)).map((href) => href.split('#')[0])
    assert.deepEqual([...new Set(others)], [`sockets.${other}.html`])
    await assertFitsAPhone(page)
    await page.locator('.sources section + section').evaluateAll((all) => all.forEach((source) => source.remove())) // alike
    await assertAccessible(page)
  })

  test(`sockets.${language}.html copies, and keeps the section in the other language`, async (t) => {
    const page = await open(t, `file://${file}.html#part1--the-whole-stream`, clipboard)
    const buttons = page.locator('section#part1 button.copy')
    assert.equal(await copyFrom(page, buttons.nth(0)), blocksOf('part1.md')[0])
    assert.equal(await copyFrom(page, buttons.nth(5)), blocksOf('part1.md')[5])
    await page.locator('[id="part1--the-whole-stream"]').evaluate((heading) => heading.scrollIntoView())
    await page.locator('#switch').press('Enter')
    await page.waitForURL(`file://${offline}/sockets.${other}.html#part1--the-whole-stream`)
  })

  test(`sockets.${language}.pdf has the text, and contents with the right numbers`, () => {
    const text = execFileSync('pdftotext', ['-layout', `${file}.pdf`, '-'], { maxBuffer: 1e8 }).toString()
    const squeezed = (line) => line.replaceAll(/[\s`]/g, '')
    const sheets = text.split('\f').map((sheet) => sheet.split('\n').map(squeezed).filter(Boolean))
    assert.match(text, /listening on 127\.0\.0\.1:1234[^]*FD_SETSIZE/)
    for (const chapter of chapters) {
      const title = squeezed(titleOf(path.join(docs, folder, `${chapter}.md`)))
      const isEntry = (line) => line.startsWith(title) && /^\d+$/.test(line.slice(title.length))
      const entry = sheets.slice(0, 4).flat().find(isEntry)
      assert.ok(entry, `${title} is in the contents`)
      assert.equal(sheets[entry.slice(title.length) - 1][0], title)
    }
  })
}
