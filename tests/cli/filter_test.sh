#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --exclude, --include, --exclude-from and --filter leave out what they leave out for rsync: of a tree with
# odd names both make the same copy, by each of the rules.
# labels: once slow
# shellcheck disable=SC1003  # a backslash is a name, too
works_in=memory
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
command -v rsync >/dev/null || skip "rsync is missing"

few=(a b.o ab.c core.12 'a\*b')
many=("${few[@]}" b ab abc a.c a.o A 1 9z core core.1 build .hidden 'sp ace' '*' '*a' '?' 'a?' '[' '[a]' '[ab]' ']' '^'
  '!z' '\' 'a\b' 'a\\b' '\a' ' ' ' a' 'a ' '-x' 'x-y' '+ b' '#x' '#a#' ';y' '~' 'a~' .a.o $'new\nline' $'\n' $'tab\t'
  $'\x7f' $'\xff' $'\xe4.o' $'\xc3\xa4' $'a\xffb')

make_tree() {
  local directory
  mkdir -p -- src/deep/a/b/c/d/e src/a.d/build/obj src/build/a src/.git/a src/'sp ace'/b src/$'d\n/new\nline' \
    src/'[d]'/'*' src/'d\'/a src/$'\xfe/\xff' src/x/a/x/a/x src/empty/a src/core src/b.o src/src/a
  while IFS= read -r -d '' directory; do
    fill "$directory" "${few[@]}"
  done < <(find src -mindepth 1 -type d ! -path '*/empty*' -print0)
  fill src "${many[@]}"
  fill src/deep/a/b "${many[@]}"
}

# fill DIRECTORY NAME...: with files, where there is no directory of that name.
fill() {
  local name
  for name in "${@:2}"; do [[ -d $1/$name ]] || : >"$1/$name"; done
}

# names_in DIRECTORY: one line each.
names_in() {
  (cd -- "$1" && find . -printf '%y %p\0' | sort -z | tr '\n\0' '\1\n')
}

# same OPTION...: rsync and rcopy leave out the same of the tree, be it copied as a directory or what is in it.
# The rules of rcopy are not for the sources that are named.
same() {
  begin "$(printf '%q ' "$@")"
  copy_both src src --include=/src/ -- "$@"
  copy_both src/ src/. -- "$@"
}

# copy_both SOURCE_FOR_RSYNC SOURCE [OPTION_OF_RSYNC] -- OPTION...
copy_both() {
  local for_rsync=$1 source=$2 first=()
  shift 2
  while [[ $1 != -- ]]; do
    first+=("$1")
    shift
  done
  shift
  rm -rf -- by-rsync by-rcopy
  mkdir -- by-rsync by-rcopy
  rsync -r "${first[@]}" "$@" -- "$for_rsync" by-rsync/ 2>"$err" || fail "rsync cannot: $(<"$err")"
  run -r --no-journal --verify=none "$@" -- "$source" by-rcopy/ # what a copy costs does not matter here
  expect_status 0
  names_in by-rsync >expected
  names_in by-rcopy >copied
  diff -- expected copied || fail "of $source, < is what rsync copied, > what rcopy did"
}

make_tree

# --- names ---
same --exclude='*.o'
same --exclude=a
same --exclude=core
same --exclude='core.[0-9]'
same --exclude='core.[0-9]*'
same --exclude='*'
same --exclude='?'
same --exclude='??'
same --exclude='.*'
same --exclude=' *' --exclude='* '
same --exclude='* *'
same --exclude='-x' --exclude='#*' --exclude=';y'
same --exclude='*~' --exclude='#*#' --exclude='x-y'

# --- where they are ---
same --exclude=/a
same --exclude=/src/a
same --exclude=/src
same --exclude='/*/a'
same --exclude='/*.o' --exclude='/src/*.c'
same --exclude=a/
same --exclude='*/'
same --exclude=/build/ --exclude=/src/build/
same --exclude=a/b
same --exclude=a/b/
same --exclude='a/*'
same --exclude='*/a'
same --exclude='x/*/x'
same --exclude='*/*/*'
same --exclude=src/a
same --exclude=a//
same --exclude=//a
same --exclude=/

# --- more stars ---
same --exclude='**'
same --exclude='**/a'
same --exclude='**a'
same --exclude='a**'
same --exclude='a/**'
same --exclude='deep/**/e'
same --exclude='/src/**/b*' --exclude='/deep/**/b*'
same --exclude='**/'
same --exclude='a/***'
same --exclude='/build/***' --exclude='/src/build/***'
same --exclude='***'
same --exclude='b/***/'
same --exclude='*/a/**.c'
same --exclude='x**x'

# --- brackets and backslashes ---
same --exclude='[ab]' --exclude='[!a-z]'
same --exclude='[^[:alnum:]]*'
same --exclude='*[[:space:]]*'
same --exclude='[[:upper:][:digit:]]*'
same --exclude='*[[:cntrl:]]'
same --exclude='*[[:punct:]]*'
same --exclude='[]]' --exclude='[[]' --exclude='[]^-]'
same --exclude='['
same --exclude='[a' --exclude='[[:none:]]' --exclude='[]'
same --exclude='\[a\]' --exclude='\*'
same --exclude='a\b'
same --exclude='a\b*'
same --exclude='a\\b' --exclude='\'
same --exclude='a\\*'
same --exclude='[\\]' --exclude='[d\]]'
same --exclude='\**a' --exclude='x[/]a' --exclude='[**]'

# --- bytes ---
same --exclude=$'\xff'
same --exclude=$'*[\x80-\xff]*'
same --exclude=$'?\xa4'
same --exclude=$'new\nline'
same --exclude=$'*\n*'
same --exclude=$'*\xff?'

# --- several ---
same --include='*/' --include='*.c' --exclude='*'
same --include='*.c' --exclude='*'
same --include=deep/ --include='deep/***' --exclude='*.o' --exclude='/*/*/'
same --include=b.o --exclude='*.o'
same --exclude='*.o' --include=b.o
same --include=/deep --include=/deep/a --include='/deep/a/***' --exclude='/*' --exclude='/deep/*'
same --filter='- *.o'
same --filter='+ */' --filter='+ a*' --filter='- *'
same --filter='include a.o' --filter='exclude *.o'
same --filter='+ b.o' --exclude='*.o' --include=core --filter='- core*'
same --exclude='- *.o' --exclude='+ core' --exclude='core*'

printf '%s\n' '# objects' '*.o' '' '; more' '/build/' 'core.[0-9]*' 'sp ace' >rules
same --exclude-from=rules
printf '%s\n' '+ */' '+ *.c' '+ b.o' ' a' '- *' >rules
same --exclude-from=rules
same --include=core --exclude-from=rules --exclude=never
printf '%s\n' ' a' 'a ' '\#x' '[#]x' '#x' >rules
printf 'core' >>rules
same --exclude-from=rules
