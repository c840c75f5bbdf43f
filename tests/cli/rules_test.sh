#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Rules and names that cannot be read are told before anything is touched, also from standard input.
# labels: once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# expect_refusal TEXT OPTION...: with the standard input it is given, which `run` empties.
expect_refusal() {
  local text=$1
  shift
  status=0
  "$RCOPY" "$@" source dest >"$out" 2>"$err" || status=$?
  expect_status 2
  expect_said "^rcopy: $text"
  expect_none dest
}

cd -- "$work"
printf 'new\n' >source

begin "a file of rules that cannot be read is named with the reason"
expect_refusal "cannot read 'none': No such file or directory" --exclude-from=none
expect_refusal "cannot read '.': Is a directory" --filter='. .'
expect_refusal "cannot read 'none': No such file or directory" --files-from=none

begin "standard input is read, and named"
expect_refusal "the name '../x' in standard input leads out of the source" --files-from=- <<<$'a\n../x'
expect_refusal "filter rule 'hide x' in standard input is not supported" --filter='merge -' <<<'hide x'
expect_refusal "a rule '- ' has no pattern" --include-from=- <<<'- '
expect_refusal "standard input can be read by one option only" --include-from=- --files-from=- <<<''
expect_refusal "cannot read standard input: Bad file descriptor" --exclude-from=- <&-
