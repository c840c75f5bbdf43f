#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What bash, zsh and fish offer is what the program takes: the same options, for a value the words that it
# accepts, and names of files where it wants some. The program is asked what it knows; bash is tried as it is
# used, the others where they are installed.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
completions=$(dirname -- "$RCOPY")/completions

# --- what the program knows -------------------------------------------------------------------

# Of --help: "-v, --verbose" or "--wait[=TIME]" a line.
"$RCOPY" --help | sed -nE 's/^ {2,6}(-[^ ]+( -[^ ]+)?).*/\1/p' >heads
tr -d ' ' <heads | tr , '\n' | sed -E 's/\[?=.*//' | sort >names
(($(wc -l <names) > 50)) || fail "--help has only $(wc -l <names) options"

# value_of NAME: what --help calls it, with its sign; nothing for an option without one.
value_of() { sed -nE "s/^(.*, )?$1(\[?=[^ ]+)$/\2/p" heads; }

# words_of NAME: what the program takes for its value, a line each; nothing where that may be anything.
words_of() {
  local word
  { "$RCOPY" "$1=?" 2>&1 >/dev/null </dev/null || true; } | sed -n "s/^rcopy: .* for $1; one of: //p" | tr -d ' ' | tr , '\n' |
    while read -r word; do
      # All that is wrong with a good word is that there is no file to copy.
      if [[ $("$RCOPY" "$1=$word" 2>&1 </dev/null) == *'missing file operand'* ]]; then printf '%s\n' "$word"; fi
    done
}

mapfile -t taking < <(sed -nE 's/^(.*, )?(--[a-z0-9-]+)\[?=.*/\2/p' heads)
: >known
for name in "${taking[@]}"; do
  case $(value_of "$name") in
    *=FILE* | *=PATH*) printf '%s FILES\n' "$name" ;;
    *=DIR*) printf '%s DIRECTORIES\n' "$name" ;;
    *)
      words=$(words_of "$name" | sort | paste -sd ' ')
      printf '%s %s\n' "$name" "${words:-ANYTHING}"
      ;;
  esac
done | sort >known
(($(grep -cvE ' (FILES|DIRECTORIES|ANYTHING)$' known) >= 8)) || fail "few options have words: $(cat known)"
grep -qx -- '--verify cache medium none' known || fail "--verify takes something else: $(grep verify known)"

begin "what the build has made is what its program makes, which says so where it cannot"
mkdir made
run_command "$(dirname -- "$RCOPY")/write_completions" made
expect_status 0
diff -r made "$completions" >"$err" || fail "the build has others"
run_command "$(dirname -- "$RCOPY")/write_completions" missing
expect_refused 1 "cannot write 'missing/rcopy'"
run_command "$(dirname -- "$RCOPY")/write_completions"
expect_refused 2 '^Usage: '

# --- bash -------------------------------------------------------------------------------------

begin "bash: the function offers the options and the words that the program takes"
cat >ask.bash <<'END'
source "$1"
compopt() { said+=" $*"; } # there is no completion for it to act on
# offered WORD...: into $COMPREPLY, and into $said which rules of bash are changed.
offered() {
  said='' COMP_WORDS=(rcopy "$@") COMP_CWORD=$#
  _rcopy rcopy "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
}
offered -
printf '%s\n' "${COMPREPLY[@]}" >options
while read -r name value; do
  offered "$name" = ''
  case $said in
    *dirnames*) printf '%s DIRECTORIES\n' "$name" ;;
    '') printf '%s FILES\n' "$name" ;;
    *) printf '%s %s\n' "$name" "$(printf '%s\n' "${COMPREPLY[@]:-ANYTHING}" | sort | paste -sd ' ')" ;;
  esac
done <known >values

[[ $2 ]] && exec >&2
check() { [[ ${COMPREPLY[*]} == "$1" ]] || { echo "not '$1' but '${COMPREPLY[*]}' ($said)"; exit 1; }; }
offered --verify = m; check medium
offered --verify m; check medium
offered --verify = x; check ''; [[ $said == *'+o default'* ]] || { echo 'names for a word'; exit 1; }
offered --preserve = mode,ti; check mode,timestamps
offered --verb; check --verbose
offered --wai; check '--wait= --wait'
offered --exclu; check '--exclude= --exclude-from='
offered -t ''; [[ $said == *'-o dirnames'* ]] || { echo '-t: no directories'; exit 1; }
offered some; check ''; [[ ! $said ]] || { echo 'names of files are not left to bash'; exit 1; }
offered -- -; check ''
offered a b --no-v; check --no-verify
END
run_command bash ask.bash "$completions/rcopy" checks
expect_status 0
expect_silence
sed 's/=$//' options | sort -u | diff names - >"$err" || fail "bash offers other options than the program has"
sort values | diff known - >"$err" || fail "bash offers other words than the program takes"
while read -r name; do
  case $(value_of "$name") in
    '') offers=("$name") ;;
    '['*) offers=("$name" "$name=") ;;
    *) offers=("$name=") ;;
  esac
  [[ $name == --* ]] || offers=("$name")
  printf '%s\n' "${offers[@]}"
done <names | sort | diff - <(sort options) >"$err" || fail "bash offers signs that are not those of --help"

begin "bash: a user types and presses Tab"
mkdir -- 'a directory'
touch -- 'a file' other.db
# typed KEYS...: what a bash of the user makes of the line, which it then prints instead of running it.
typed() {
  local session=rcopy-completions-$$
  rm -f -- line
  tmux -f /dev/null -L "$session" new-session -d -x 200 -y 24 "timeout --foreground $patience env -u BASH_ENV PS1='ready ' bash --norc --noprofile -i"
  tmux -L "$session" send-keys ". $(printf %q "$completions/rcopy"); rcopy() { printf '<%s>' \"\$@\" >line.new; mv line.new line; }" Enter
  tmux -L "$session" send-keys "$@" Enter
  wait_until 'the line is run' test -e line
  tmux -L "$session" kill-server
  cat line
}
if command -v tmux >/dev/null; then
  result=$(typed 'rcopy --verif' Tab 'me' Tab '--jou' Tab 'oth' Tab 'a\ f' Tab '-t a\ d' Tab)
  [[ $result == '<--verify=medium><--journal=other.db><a file><-t><a directory/>' ]] || fail "the line became $result"
else
  skip_case "tmux is not installed"
fi

# --- zsh --------------------------------------------------------------------------------------

begin "zsh: the file has the options and the words that the program takes"
sed -nE "s/^  '\*(-[^[]*)\[.*/\1/p" "$completions/_rcopy" >offers
sed -E 's/[=+]+-?$//' offers | sort | diff names - >"$err" || fail "zsh offers other options than the program has"
while read -r name words; do
  line=$(grep -E -- "^  '\*$name=" "$completions/_rcopy") || fail "zsh has no $name"
  case $(value_of "$name") in '['*) sign="=-[ ::" ;; *) sign="=[ :" ;; esac
  [[ $line == *"$name${sign% *}"* && $line == *"]${sign#* }"* ]] || fail "zsh has another sign: $line"
  case $line in
    *:_files\'*) offer=FILES ;;
    *':_files -/'*) offer=DIRECTORIES ;;
    *':_values -s , '*) offer=${line##*, LIST } ;;
    *:\(*) offer=${line##*:\(} ;;
    *) offer=ANYTHING ;;
  esac
  offer=$(tr -d "')\\\\" <<<"$offer" | xargs -n 1 | sort | paste -sd ' ')
  [[ $offer == "$words" ]] || fail "zsh offers $offer for $name, and the program takes $words"
done <known
if command -v zsh >/dev/null; then
  run_command zsh -f -n "$completions/_rcopy"
  expect_status 0
  expect_silence
else
  skip_case "zsh is not installed"
fi

# --- fish -------------------------------------------------------------------------------------

begin "fish: the file has the options and the words that the program takes"
sed -E "s/ -d '.*//; s/^complete -c rcopy//" "$completions/rcopy.fish" | grep -oE -- ' -[sl] [^ ]+' |
  sed -E 's/^ -s /-/; s/^ -l /--/' | sort | diff names - >"$err" || fail "fish offers other options than the program has"
while read -r name words; do
  line=$(grep -E -- " -l ${name#--} " "$completions/rcopy.fish" | sed -E "s/ -d '.*//")
  case $(value_of "$name") in
    '['*) [[ $line != *' -r'* ]] || fail "fish wants a value: $line" ;;
    *) [[ $line == *' -r'* ]] || fail "fish wants no value: $line" ;;
  esac
  case $line in
    *' -F') offer=FILES ;;
    *__fish_complete_directories*) offer=DIRECTORIES ;;
    *__fish_append*) offer=${line##*append , } ;;
    *" -a '"*) offer=${line##*" -a '"} ;;
    *) offer=ANYTHING ;;
  esac
  offer=$(tr -d "')" <<<"$offer" | xargs -n 1 | sort | paste -sd ' ')
  [[ $offer == "$words" ]] || fail "fish offers $offer for $name, and the program takes $words"
done <known
if command -v fish >/dev/null; then
  # fish_offers LINE: what stands before the description.
  fish_offers() {
    XDG_DATA_HOME=$work fish --no-config -c "source '$completions/rcopy.fish'; complete -C '$1'" | cut -f 1 | sort | paste -sd ' '
  }
  [[ $(fish_offers 'rcopy --verify=') == '--verify=cache --verify=medium --verify=none' ]] ||
    fail "fish offers $(fish_offers 'rcopy --verify=')"
  [[ $(fish_offers 'rcopy --preserve=mode,ti') == *mode,timestamps* ]] || fail "$(fish_offers 'rcopy --preserve=mode,ti')"
  [[ $(fish_offers 'rcopy --verb') == --verbose ]] || fail "fish offers $(fish_offers 'rcopy --verb')"
else
  skip_case "fish is not installed"
fi
