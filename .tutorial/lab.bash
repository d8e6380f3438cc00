# shellcheck shell=bash
# ./tutorial lab: puts a bug into a copy of the tutorial, gives hints, has the copy checked, and shows the solution.

# A bug is a page in docs/lab/, such as 07_a_signal.md: the symptom, three hints, the solution, how it is checked,
# and the patch that puts the bug into a copy of the tutorial. Each copy has a folder of its own in my/lab/.
command_lab() {
  local bug page copy place part side command program
  if [[ $# -eq 0 ]]; then
    lab_list
    printf '\n%d fixed. ./tutorial lab 1 begins with the first; docs/lab.md explains the rest.\n' \
      "$(lab_list | grep -c '^\[x')"
    return
  fi
  [[ $1 =~ ^[0-9]{1,2}$ ]] || wrong_usage "lab takes the number of a bug"
  bug=$((10#$1))
  page=$(find docs/lab -name "$(printf '%02d' "$bug")_*.md")
  [[ -n $page ]] || wrong_usage "there is no bug $1"
  copy=$my/lab/$(printf '%02d' "$bug")
  place=${copy#"$called_from"/} # as it reads from where the script was called
  # <!-- check: part1 --server "build/part1_basic/server --host {host} --port {port}" -->
  read -r part side command < <(sed -n 's/^<!-- check: \(.*\)"\(.*\)" -->$/\1\2/p' "$page")
  program=${command%% *} # build-asan/part4_chatroom/server is the target part4_server of build-asan
  case ${2-} in
    '') lab_begin ;;
    --hint | --check)
      has_begun || wrong_usage "there is no copy with bug $bug yet: ./tutorial lab $bug makes it"
      lab_lock
      "lab_${2#--}"
      ;;
    --solution) lab_solution ;;
    *) wrong_usage "lab N takes --hint, --check or --solution, not '$2'" ;;
  esac
}

lab_list() {
  local page number
  for page in docs/lab/??_*.md; do
    number=${page#docs/lab/}
    show_noted "$my/lab/solved" "${number%%_*}" "$(sed -n '1s/^# //p' "$page")"
  done
}

# Only one at a time copies and builds; a second one waits. The kernel releases the lock, however this ends.
lab_lock() {
  mkdir -p "$my/lab"
  exec 9>>"$copy.lock"
  must "waiting for another ./tutorial lab $bug" perl -e 'open(LOCK, ">&=", 9) && flock(LOCK, 2) or die "$!\n"'
}

# A copy is made beside its place, and moved there once it is whole.
has_begun() {
  [[ -f $copy/CMakeLists.txt ]]
}

# Puts the bug into a new copy, builds the part, and shows the page up to the hints. A copy that is there already is
# kept: it is the reader's work.
lab_begin() {
  local before='' target=$part
  lab_lock
  if has_begun; then
    before='You have started on this bug before, and your copy is as you left it. To start over, remove its folder.'
  else
    lab_copy
  fi
  lab_build build "$part"
  sed -e '/^<!--/d' -e '/^## Hints/,$d' "$page" | cat -s
  if [[ -n $before ]]; then printf '%s\n\n' "$before"; fi
  printf 'Run the commands above in this folder, in each terminal:\n\n    cd %s\n\n' "$place"
  if [[ $program == build-* ]]; then target=${part}_${program##*/}; fi
  printf 'What you change there is built with: cmake --build %s --target %s\n' "${program%%/*}" "$target"
  printf 'Then, back here: ./tutorial lab %d --check (or --hint)\n' "$bug"
}

# The tutorial as it was last committed, so that what the reader has changed in it does not matter.
lab_copy() {
  local new=$copy.new
  rmdir "$copy" 2>/dev/null || true
  [[ ! -L $copy && ! -e $copy ]] || die "$place is in the way, and is not a copy of the tutorial: move it elsewhere"
  rm -rf "$new"
  mkdir -p "$new/my" # for the programs of the bug's page
  if [[ -z $(git rev-parse --show-prefix 2>/dev/null || echo 'no git') ]]; then
    git archive "${LAB_COMMIT:-HEAD}" | tar -x -C "$new"
  else
    tar -c CMakeLists.txt CMakePresets.json common docs part?_* | tar -x -C "$new"
  fi
  rm -rf "$new/docs/lab" "$new/docs/zh/lab"
  # In a folder of a git repository, git would look for the files at its top.
  lab_patch | (cd "$new" && GIT_CEILING_DIRECTORIES=$my/lab git apply -) ||
    die "the bug cannot be put into this version of the tutorial, for the reason above"
  mv "$new" "$copy"
}

# The patch, which is the last block of the page.
lab_patch() {
  sed -e '1,/^```diff/d' -e '/^```/,$d' "$page"
}

# Builds a target of the copy with the preset that the folder names: build, build-asan, build-tsan.
lab_build() { # FOLDER TARGET
  local preset=debug
  if [[ $1 == build-* ]]; then preset=${1#build-}; fi
  install_missing find_missing "${tools[@]}"
  cd "$copy"
  build_in "$1" "the copy in $place" "$2" --preset "$preset"
  cd "$home"
  exec 9>&-
}

# The text of a folded block of the page, by its title.
lab_folded() {
  sed -n "/^<details><summary>$1<\/summary>\$/,/^<\/details>\$/p" "$page" | sed '1,2d;$d' | sed '$d'
}

# One more hint with each call, until there are none left. The file has the number of the last one.
lab_hint() {
  local hint=1
  case $(head -c 9 "$copy.hints" 2>/dev/null) in
    1) hint=2 ;;
    2 | 3) hint=3 ;;
  esac
  printf '%d\n' "$hint" >"$copy.hints"
  printf 'Hint %d of 3:\n\n' "$hint"
  lab_folded "Hint $hint"
}

lab_check() {
  local folder
  lab_build "${program%%/*}" "${part}_${program##*/}"
  build "${part}_check"
  find_part "$part"
  folder=$(cd "$build/$folder" && pwd)
  # ThreadSanitizer is to end a program in which it finds a race, and not only to report it.
  if ! (cd "$copy" && TSAN_OPTIONS=halt_on_error=1 "$folder/check" "$side" "$command"); then
    printf '\nNot fixed yet.\n'
    return 1
  fi
  note_down "$my/lab/solved" "${copy##*/}"
  printf '\nFixed. ./tutorial lab %d --solution shows how the tutorial does it.\n' "$bug"
}

# The explanation, and the patch reversed: what it adds is taken away, and what it takes away is added.
lab_solution() {
  lab_folded Solution
  printf '\n'
  lab_patch | awk '
    function add() { printf "%s", added; added = "" }
    /^(---|\+\+\+) / { add(); print; next }
    /^@@/ { add(); $2 = substr($2, 2); $3 = substr($3, 2); old = $2; $2 = "-" $3; $3 = "+" old; print; next }
    /^-/  { added = added "+" substr($0, 2) "\n"; next }
    /^\+/ { print "-" substr($0, 2); next }
    { add(); print }
    END { add() }'
}
