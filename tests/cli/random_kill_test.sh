#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1, 2 and 5: several processes share a journal and are killed some hundred times at random
# moments, in each phase. After each kill the final name is old or new, what the journal claims is
# true, and the next run ends with 0. RCOPY_TEST_SEED repeats the sizes and the moments.
# labels: slow once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# Of one worker. A phase may be hit more often: what counts is where the kill was found to be.
readonly phases=(copy sync verify publish)
readonly workers=3
readonly at_least=16 untraced=30

if [[ ${1-} != worker ]]; then
  need_strace
  seed=${RCOPY_TEST_SEED:-$(($(od -An -tu4 -N 4 /dev/urandom) % 32768))}
  say "seed $seed"
  make_file 3000 "$seed" old
  for source in $((3 * MiB + 17)) $((4 * MiB)) $((6 * MiB - 1)); do
    make_file "$source" "$((seed + source))" "source-$source"
    for ((n = MiB; n < source; n += MiB)); do
      say "$source $n $(hash_of_first "$n" "source-$source")"
    done
    say "$source $source $(hash_of "source-$source")"
  done | tee hashes >/dev/null
  run_workers "$workers" "$seed" "$work" "$journal"
  begin "killed and continued: $(awk '$1 == "kills" { count[$2] += $3; all += $3 }
    END { for (phase in count) printf "%s in %s, ", count[phase], phase; print all " in all" }' log-*)"

  begin "and the journal is sound, and says that all is complete"
  [[ $(journal_query 'pragma integrity_check') == ok ]] || fail "the journal is not sound"
  [[ $(journal_query "select count(*) from transfer_state where status <> 'complete'") == 0 ]] ||
    fail "not complete: $(journal_query "select * from transfer_state where status <> 'complete'")"
  copies=$(awk '$1 == "copies" { sum += $2 } END { print sum }' log-*)
  [[ $(journal_query 'select count(*) from transfer_state') == "$copies" ]] ||
    fail "there are not $copies entries"
  exit 0
fi

# --- a worker: NUMBER SEED SOURCES JOURNAL ------------------------------------------------------

RANDOM=$(($2 + $3))
sources=$4
journal=$5
export RCOPY_JOURNAL=$journal
declare -A hashes=() kills=([begin]=0 [copy]=0 [sync]=0 [verify]=0 [publish]=0 [end]=0)
while read -r size n hash; do hashes[$size-$n]=$hash; done <"$sources/hashes"
mkfifo never
exec {never}<>never
copies=0

# pause MILLISECONDS
pause() { read -rt "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))" -u "$never" _ || true; }

# new_destination: $source, $size and $dest, which is there already every second time.
new_destination() {
  local all=("$sources"/source-*)
  source=${all[RANDOM % ${#all[@]}]}
  size=${source##*-}
  dest=$work/dest-$((++copies))
  partial=$work/.dest-$copies.rcopy-part
  before=0
  old=none
  ((RANDOM % 2)) || { cp -- "$sources/old" "$dest" && old='file'; }
}

# entry: of $dest, in $state, $n, $durable and $hash.
entry() {
  local row
  row=$(journal_query "select status, transferred_bytes, durable_bytes, coalesce(file_hash, '')
    from transfer_state where dest_path = '$dest'")
  IFS='|' read -r state n durable hash <<<"${row:-none|0|0|}"
}

# where_it_was: the phase that ends next, from what is left.
where_it_was() {
  case $state in
    none) phase=begin ;;
    in_progress) ((n < size)) && phase=copy || phase=sync ;;
    copied) phase=verify ;;
    verified) phase=publish ;;
    complete) phase=end ;;
    *) fail "the status is $state" ;;
  esac
}

expect_true_claims() {
  entry
  where_it_was
  kills[$phase]=$((kills[$phase] + 1))
  if [[ $phase == end ]] || { [[ $phase == publish && ! -e $partial ]]; }; then
    expect_same "$source" "$dest"
    return 0
  fi
  case $old in
    none) expect_none "$dest" ;;
    file) expect_same "$sources/old" "$dest" ;;
  esac
  ((durable <= n && n >= before)) || fail "durable is $durable, $n was $before"
  before=$n
  if ((n == 0)); then
    [[ -z $hash ]] || fail "a hash of nothing: $hash"
    return 0
  fi
  [[ $hash == "${hashes[$size-$n]-}" ]] || fail "$hash is not the hash of the first $n bytes"
  cmp -n "$n" -- "$source" "$partial" || fail "the partial has not the $n bytes"
  [[ $phase == publish || $(stat -c %a -- "$partial") == 600 ]] || fail "the partial is not private"
}

expect_recovery() {
  run "$source" "$dest"
  expect_copied "$source" "$dest"
  expect_silence
  entry
  [[ $state == complete && $n == "$size" && $hash == "${hashes[$size-$size]}" ]] ||
    fail "the journal says $state, $n, $hash"
  rm -- "$dest"
}

# reached PHASE: the program has called what the phase begins with, or has ended.
reached() {
  local text
  text=$(<"$trace")
  case $1 in
    copy) [[ $text == *pwrite64\(* ]] ;;
    sync) [[ $text == *fsync\(* ]] ;;
    verify) [[ $text == *pread64\(* ]] ;;
    publish) [[ $text == *fchmod\(* ]] ;;
  esac || ! is_running "$job"
}

# kill_in PHASE: at a random moment of it or a little later; each takes 40 ms or more.
kill_in() {
  : >"$trace"
  start_job "${tracer[@]}" -P "$partial" -P "${dest%/*}" \
    -e trace=pwrite64,fsync,pread64,fchmod,renameat \
    -e inject=pwrite64:delay_enter=9000 -e inject=fsync:delay_enter=30000 \
    -e inject=pread64:delay_enter=40000 -e inject=fchmod,renameat:delay_enter=15000 \
    "$RCOPY" "$source" "$dest"
  wait_until "the phase is $1" reached "$1"
  pause $((RANDOM % 40))
  { pkill -KILL -P "$job"; finish; } 2>/dev/null || true
  expect_killed_or_done
}

# kill_untraced: at a random moment of a run as it is.
kill_untraced() {
  start "$source" "$dest"
  pause $((RANDOM % usual_time))
  { kill -KILL "$pid"; finish; } 2>/dev/null || true
  expect_killed_or_done
}

expect_killed_or_done() { ((status == 0 || status == 137)) || fail "it ended with $status"; }

# disturb COMMAND...: one copy, killed once, and now and then when it continues; then it is finished.
disturb() {
  new_destination
  "$@"
  expect_true_claims
  while ((RANDOM % 4 == 0)); do
    "$@"
    expect_true_claims
  done
  expect_recovery
}

for phase in "${phases[@]}"; do
  wanted=$phase
  while ((kills[$wanted] < at_least)); do disturb kill_in "$wanted"; done
done

new_destination
begin=${EPOCHREALTIME/./}
run "$source" "$dest"
usual_time=$(((${EPOCHREALTIME/./} - begin) / 1000 + 5))
expect_copied "$source" "$dest"
for ((i = 0; i < untraced; ++i)); do disturb kill_untraced; done

say "copies $copies"
for phase in "${!kills[@]}"; do say "kills $phase ${kills[$phase]}"; done
