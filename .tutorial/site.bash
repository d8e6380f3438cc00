# shellcheck shell=bash
# ./tutorial site: makes a site of the pages with VitePress, as docs/site/ says, and shows it.

command_site() {
  local base=/ what=${1-} browser='' work
  case $what:$# in
    :0 | --offline:1) ;;
    --test:1) base=/course/ ;; # a project's page on the web is not at the root either
    --base:2) base=$2 ;;
    *) wrong_usage "site takes --offline, --test, or --base PATH" ;;
  esac
  [[ $base =~ ^/([^/]+/)*$ ]] || wrong_usage "site --base needs a path that begins and ends with /, not '$base'"
  build=$(mkdir -p "$build" && cd "$build" && pwd) work=$build/site-work
  install_site
  export TUTORIAL_DOCS=$PWD/docs TUTORIAL_SITE=$build/site TUTORIAL_OFFLINE=$build/offline
  export TUTORIAL_BASE=$base TUTORIAL_BROWSER=$browser
  if [[ $what != --offline ]]; then must "making the site" node "$work/build.js" site; fi
  if [[ $what == --offline || $what == --test ]]; then
    must "making a file and a PDF of each language" node "$work/offline.js"
  fi
  case $what in
    --offline) printf '%s\n' "$TUTORIAL_OFFLINE"/sockets.* ;;
    --base) printf 'The site is in %s, for a server that has it at %s\n' "$TUTORIAL_SITE" "$base" ;;
    --test) node --test --test-reporter=spec "$work/site.test.js" ;;
    *)
      node "$work/build.js" serve &
      pids+=($!)
      wait $!
      ;;
  esac
}

find_missing_for_site() {
  command -v npm >/dev/null || missing "npm, which fetches what makes the site" npm node
  if [[ $what == --offline || $what == --test ]]; then
    find_browser || missing "Chromium or Chrome, which makes the PDF" chromium google-chrome
    if command -v apt-get >/dev/null && [[ -z $(fc-list :lang=zh 2>/dev/null) ]]; then
      missing "a font with Chinese characters" fonts-noto-cjk ''
      missing "fc-list, which finds it" fontconfig ''
    fi
  fi
  if [[ $what == --test ]] && ! command -v pdftotext >/dev/null; then
    missing "pdftotext, with which the tests read the PDF" poppler-utils poppler
  fi
}

# Leaves its path in `browser`.
find_browser() {
  for browser in chromium google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if browser=$(command -v "$browser"); then return; fi
  done
  return 1
}

# What makes the site goes into the build folder, in the versions of docs/site/package-lock.json.
install_site() {
  install_missing find_missing_for_site
  find_browser || true
  mkdir -p "$work"
  cp -R docs/site/. "$work"
  if cmp -s docs/site/package-lock.json "$work/node_modules/lock"; then return; fi
  [[ $no_install == no ]] || die "what makes the site is not in $work; nothing was installed, as --no-install says"
  must "fetching what makes the site" npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund
  cp docs/site/package-lock.json "$work/node_modules/lock"
}
