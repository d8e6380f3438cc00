// A button that copies commands has them with it; of any other block VitePress copies the text.
if (typeof document !== 'undefined') {
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button.copy[data-copy]')
    if (!button) return
    event.stopPropagation()
    await navigator.clipboard.writeText(button.dataset.copy)
    button.classList.add('copied')
    setTimeout(() => button.classList.remove('copied'), 2000)
  }, true)
}
