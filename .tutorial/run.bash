# shellcheck shell=bash
# ./tutorial run: starts a part's programs, types to them, and shows what they print in the order in which it happens.

# A running program is known by a number: the descriptor from which its output is read, and its place in `names` and
# `pids`. What is typed to it goes to the descriptor with that number plus three.
server=3 client=4 alice=4 bob=5 carol=6
names=()
patience=20 # seconds after which a program that prints nothing is taken to hang

in_colour() { # COLOUR TEXT, where the colour is a number for a terminal
  if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    printf '\033[%sm%s\033[m' "$1" "$2"
  else
    printf '%s' "$2"
  fi
}

# Starts a program, with a pipe for its output that only the script reads.
start() { # NUMBER NAME STDIN COMMAND...
  local number=$1 input=$3
  names[number]=$2
  printf '\n'
  in_colour $((29 + number)) "$(printf '%-6s $ ' "$2")"
  in_colour 1 "${*:4}"
  printf '\n'
  mkfifo "$scratch/output"
  (
    # A program that held the other end of another's pipe would keep it from ending.
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    exec "${@:4}"
  ) >"$scratch/output" 2>&1 <"$input" &
  pids[number]=$!
  eval "exec $number<\"\$scratch/output\""
  rm "$scratch/output"
}

show() { # NUMBER LINE
  in_colour $((29 + $1)) "$(printf '%-6s | ' "${names[$1]}")"
  printf '%s\n' "$2"
}

# Shows what a program prints up to the first line that matches a pattern, which stays in `line`; without a pattern, up
# to the end of its output.
show_until() { # NUMBER [PATTERN]
  local began=$SECONDS
  line=''
  while IFS= read -r -t "$patience" -u "$1" line || [[ -n $line ]]; do
    # A prompt that nobody has answered (a terminal would wipe it away) is not shown.
    if [[ $line != "${names[$1]} > " ]]; then show "$1" "$line"; fi
    # shellcheck disable=SC2053
    if [[ $# -eq 2 && $line == $2 ]]; then return 0; fi
    began=$SECONDS line=''
  done
  if ((SECONDS - began >= patience)); then give_up "${names[$1]} has printed nothing for $patience seconds"; fi
  [[ $# -eq 1 ]] || give_up "${names[$1]} has ended too early"
}

# Shows all that a program still prints, and fails unless it ends with the exit code that is expected.
finish() { # NUMBER [CODE]
  local code=0
  show_until "$1"
  wait "${pids[$1]}" 2>/dev/null || code=$?
  unset "pids[$1]"
  eval "exec $1<&-"
  if [[ $code -ne ${2:-0} ]]; then give_up "${names[$1]} has failed with exit code $code"; fi
}

# Ends a program that does not end by itself.
stop() {
  kill "${pids[$1]}" 2>/dev/null || true
  finish "$1" 143 # 128 + SIGTERM
}

# Something went wrong: shows what the programs have said about it, and which of them have ended.
give_up() {
  local number code
  for number in ${pids[@]+"${!pids[@]}"}; do
    kill -KILL "${pids[number]}" 2>/dev/null || true
    while IFS= read -r -t 1 -u "$number" line; do show "$number" "$line"; done
    code=0
    wait "${pids[number]}" 2>/dev/null || code=$?
    if [[ $code -ne 137 ]]; then # 128 + SIGKILL
      printf 'tutorial: %s has ended with exit code %d\n' "${names[number]}" "$code" >&2
    fi
  done
  pids=()
  die "$*"
}

# Starts the server of a part: [options]
serve() {
  start $server server /dev/null "$build/$folder/server" "$@"
  show_until $server 'listening on *'
  port=${line##*:}
}

# Runs the client of a part: [options]
meet() {
  start $client client /dev/null "$build/$folder/client" --port "$port" "$@"
  show_until $server 'connection from *'
  finish $client
}

play_part1() {
  serve --port 0
  meet
  meet --buffer 8
  meet --buffer 8 --read loop
  meet --buffer 8 --read stream
  stop $server
}

play_part2() {
  serve --port 0 --interval 1 --updates 3
  meet
  stop $server
}

play_part3() {
  local object
  for object in greeting nested reading; do
    serve --port 0 --object $object
    meet
    stop $server
  done
}

command_run() {
  local part folder
  [[ $# -le 1 ]] || wrong_usage "run takes one PART at most"
  for part in ${1:-part1 part2 part3 part4}; do
    find_part "$part"
    build "$part"
    if [[ $part != "${1:-part1}" ]]; then printf '\n'; fi
    in_colour 1 "$(sed -n '1s/^# //p' "$folder/README.md")"
    printf '\n'
    "play_$part"
  done
}

# Starts a client of part 4: NUMBER NAME PROGRAM
join() {
  mkfifo "$scratch/input"
  start "$1" "$2" "$scratch/input" "$build/$folder/$3" --port "$port" --name "$2"
  eval "exec $(($1 + 3))>\"\$scratch/input\""
  rm "$scratch/input"
  show_until $server "Accept new connection from * username:$2"
}

# Types a line to a client: NUMBER TEXT. A program shows its prompt, and a terminal shows what is typed after it.
type_line() {
  printf '\n'
  show "$1" "${names[$1]} > $2"
  printf '%s\n' "$2" >&"$(($1 + 3))"
  if [[ -n $2 ]]; then show_until $server "receive message from ${names[$1]} : $2"; fi
}

# The end of the input: a client leaves.
leave() {
  printf '\n'
  eval "exec $(($1 + 3))>&-"
  show_until $server "Closed connection from ${names[$1]}"
  finish "$1"
}

# The same three lines reach everybody; only the client of the original shows nothing before Enter is pressed.
play_part4() {
  serve --port 0
  join $alice alice client
  join $bob bob client_threads
  join $carol carol client_select
  type_line $alice 'hello'
  show_until $bob 'alice > hello'
  show_until $carol 'alice > hello'
  type_line $bob 'hi alice'
  show_until $carol 'bob > hi alice'
  type_line $carol 'good morning'
  show_until $bob 'carol > good morning'
  leave $bob
  type_line $alice ''
  show_until $alice 'carol > good morning'
  leave $carol
  leave $alice
  stop $server
}
