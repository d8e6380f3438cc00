/// The anchor of the section that is being read: the one asked for if it is in sight, else the last one above.
export function sectionInSight() {
  const top = (element) => element.getBoundingClientRect().top
  const asked = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (asked?.closest('main') && top(asked) >= 0 && top(asked) < innerHeight) return asked.id
  const headings = [...document.querySelectorAll('main :is(h1, h2, h3, h4)[id]')]
  return headings.filter((heading) => top(heading) < 150).pop()?.id
}
