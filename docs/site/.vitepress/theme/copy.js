// A button that copies commands has them with it; of any other block it copies the text. For the site and the files.
if (typeof document !== 'undefined') {
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button.copy')
    if (!button) return
    event.stopPropagation() // VitePress would copy the outputs too
    await navigator.clipboard.writeText(button.dataset.copy ?? button.parentElement.querySelector('code').textContent)
    button.classList.add('copied')
    setTimeout(() => button.classList.remove('copied'), 2000)
  }, true)
}
