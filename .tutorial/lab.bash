# shellcheck shell=bash
# ./tutorial lab: puts a bug into a copy of the tutorial, gives hints, has the copy checked, and shows the solution.

# A bug is a page in docs/lab/, such as 07_a_signal.md: the symptom, three hints, the solution, how it is checked,
# and the patch that puts the bug into a copy of the tutorial. Each copy has a folder of its own in my/lab/.
command_lab() {
  local number page copy part side command
  if [[ $# -eq 0 ]]; then
    lab_list
    return
  fi
  [[ $1 =~ ^[0-9]{1,2}$ ]] || wrong_usage "lab takes the number of a bug"
  number=$(printf '%02d' "$((10#$1))")
  page=$(find docs/lab -name "${number}_*.md")
  [[ -n $page ]] || wrong_usage "there is no bug $1"
  copy=$my/lab/$number
  # <!-- check: part1 --server "build/part1_basic/server --host {host} --port {port}" -->
  read -r part side command < <(sed -n 's/^<!-- check: \(.*\) -->$/\1/p' "$page")
  command=${command#\"} command=${command%\"}
  case ${2-} in
    '') lab_begin ;;
    --hint) lab_hint ;;
    --check) lab_check ;;
    --solution) lab_solution ;;
    *) wrong_usage "lab N takes --hint, --check or --solution, not '$2'" ;;
  esac
}

lab_list() {
  local page number fixed=0 mark
  for page in docs/lab/??_*.md; do
    number=${page#docs/lab/} number=${number%%_*} mark=' '
    if grep -qx "$number" "$my/lab/solved" 2>/dev/null; then mark='x' fixed=$((fixed + 1)); fi
    printf '[%s] %s\n' "$mark" "$(sed -n '1s/^# //p' "$page")"
  done
  printf '\n%d fixed. ./tutorial lab 1 begins with the first; docs/lab.md explains the rest.\n' $fixed
}

# Only one at a time copies and builds; a second one waits. The kernel releases the lock, however this ends.
lab_lock() {
  { mkdir -p "$my/lab" && exec 9>>"$copy.lock"; } 2>/dev/null || die "cannot write in $(shown_path "$my/lab")"
  must "waiting for another ./tutorial lab $number" "cannot lock $(shown_path "$copy.lock")" \
    perl -e 'open(LOCK, ">&=", 9) && flock(LOCK, 2) or die "$!\n"'
}

# A copy is made beside its place, and moved there once it is whole.
has_begun() {
  [[ -f $copy/CMakeLists.txt ]]
}

# Puts the bug into a new copy, builds the part, and shows the page up to the hints. A copy that is there already is
# kept: it is the reader's work.
lab_begin() {
  local is_new=no folder target
  lab_lock
  if ! has_begun; then
    is_new=yes
    lab_copy
  fi
  lab_build build "$part"
  sed -e '/^<!--/d' -e '/^## Hints/,$d' "$page" | cat -s
  if [[ $is_new == no ]]; then
    printf 'You have started on this bug before, and your copy is as you left it. To start over, remove its folder.\n\n'
  fi
  printf 'Run the commands above in this folder, in each terminal:\n\n    cd %s\n\n' "$(shown_path "$copy")"
  # build-asan/part4_chatroom/server --host ... is the target part4_server of build-asan.
  folder=${command%% *} target=$part
  if [[ $command == build-* ]]; then target=${part}_${folder##*/}; fi
  printf 'What you change there is built with: cmake --build %s --target %s\n' "${command%%/*}" "$target"
  printf 'Then, back here: ./tutorial lab %d --check (or --hint)\n' "$((10#$number))"
}

# The tutorial as it was last committed, so that what the reader has changed in it does not matter.
lab_copy() {
  local new=$copy.new
  if [[ -L $copy || -e $copy ]] && ! rmdir "$copy" 2>/dev/null; then
    die "$(shown_path "$copy") is in the way, and is not a copy of the tutorial: move it elsewhere"
  fi
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
  local preset=debug place
  place=$(shown_path "$copy")
  if [[ $1 == build-* ]]; then preset=${1#build-}; fi
  install_missing "${tools[@]}"
  cd "$copy"
  if [[ ! -f $1/build.ninja && ! -f $1/Makefile ]]; then
    must "preparing the copy" "cmake could not prepare the copy in $place, for the reason above" \
      with_ninja cmake --preset "$preset" -B "$1"
  fi
  must "building the copy" "the copy in $place does not build" cmake --build "$1" --target "$2" --parallel "$cores"
  cd "$home"
  exec 9>&-
}

# The text of a folded block of the page, by its title.
lab_folded() {
  sed -n "/^<details><summary>$1<\/summary>\$/,/^<\/details>\$/p" "$page" | sed '1,2d;$d' | sed '$d'
}

# One more hint with each call, until there are none left.
lab_hint() {
  local given=0
  has_begun || wrong_usage "there is no copy with bug $((10#$number)) yet: ./tutorial lab $((10#$number)) makes it"
  lab_lock
  given=$(head -c 9 "$copy.hints" 2>/dev/null) || true
  if [[ ! $given =~ ^[0-2]$ ]]; then if [[ $given == 3 ]]; then given=2; else given=0; fi; fi
  given=$((given + 1))
  { printf '%d\n' "$given" >"$copy.hints"; } 2>/dev/null || die "cannot write $(shown_path "$copy.hints")"
  printf 'Hint %d of 3:\n\n' "$given"
  lab_folded "Hint $given"
}

lab_check() {
  local folder
  has_begun || wrong_usage "there is no copy with bug $((10#$number)) yet: ./tutorial lab $((10#$number)) makes it"
  lab_lock
  # build/part4_chatroom/server --host ... is the target part4_server.
  folder=${command%% *}
  lab_build "${command%%/*}" "${part}_${folder##*/}"
  build "${part}_check"
  folder=$(cd "$build/$(folder_of "$part")" && pwd)
  # ThreadSanitizer is to end a program in which it finds a race, and not only to report it.
  if (cd "$copy" && TSAN_OPTIONS=halt_on_error=1 "$folder/check" "$side" "$command"); then
    note_down "$my/lab/solved" "$number"
    printf '\nFixed. ./tutorial lab %d --solution shows how the tutorial does it.\n' "$((10#$number))"
  else
    printf '\nNot fixed yet.\n'
    return 1
  fi
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

# A path as it reads from where the script was called.
shown_path() {
  printf '%s' "${1#"$called_from"/}"
}
