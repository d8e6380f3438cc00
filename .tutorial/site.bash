# shellcheck shell=bash
# ./tutorial site: makes a site of the pages with VitePress, as docs/site/ says, and shows it.

command_site() {
  local work base=''
  case ${1-} in
    '') ;;
    --base) base=${2-} && shift ;;
    *) wrong_usage "site takes --base PATH, or nothing" ;;
  esac
  [[ $# -le 1 && (-z $base || $base == /*/ || $base == /) ]] || wrong_usage "site --base needs a path such as /tutorial/"
  build=$(mkdir -p "$build" && cd "$build" && pwd) work=$build/site-work
  export TUTORIAL_DOCS=$PWD/docs TUTORIAL_SITE=$build/site TUTORIAL_BASE=$base
  install_site
  must "making the site" "the site could not be made" node "$work/build.js" site
  if [[ -n $base ]]; then
    printf 'The site is in %s, and has to be served as %s.\n' "$TUTORIAL_SITE" "$base"
    return
  fi
  node "$work/build.js" serve &
  pids+=($!)
  wait $!
}

# What makes the site is in the build folder, and in the versions of docs/site/package-lock.json.
install_site() {
  local reason lock=docs/site/package-lock.json
  missing_things=() apt_packages=() brew_packages=()
  command -v npm >/dev/null || missing "npm, which fetches what makes the site" npm node
  if [[ ${#missing_things[@]} -gt 0 ]]; then
    printf 'tutorial: missing: %s\n' "${missing_things[@]}" >&2
    reason=$(install_packages) || die "$reason"
  fi
  mkdir -p "$work"
  cp -R docs/site/. "$work"
  cmp -s $lock "$work/node_modules/lock" && return
  [[ $no_install == no ]] || die "VitePress, which makes the site, is not in $work; nothing was installed, as --no-install says"
  must "npm fetches what makes the site" "npm could not fetch what makes the site" \
    npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund
  cp $lock "$work/node_modules/lock"
}
