# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: MIT
#
# What bench.sh measures of trees: 50,000 files of 115 B to 59 KB, 586 MB together, for --mib=4096, and in
# proportion for others.

cases+=(tree_cp tree_rsync tree_none tree_again tree_many)

# of_directories COUNT: in proportion to $mib, at least two.
of_directories() {
  local count=$(($1 * mib / 4096))
  printf '%d\n' $((count < 2 ? 2 : count))
}

# make_files DIRECTORY SIZE COUNT: so many random files of SIZE bytes each.
make_files() {
  mkdir -p -- "$1"
  head -c $(($2 * $3)) /dev/urandom | split -b "$2" -a 4 - "$1/f"
}

# make_tree: 50 files in each of 1000 directories; each tenth directory has files twice as large as the one before.
make_tree() {
  local i
  [[ ! -e tree ]] || return 0
  for ((i = 0; i < $(of_directories 1000); ++i)); do
    make_files "tree/d$((i / 40))/e$i" $((115 << (i % 10))) 50
  done
}

fresh_tree() {
  rm -rf -- copy "$RCOPY_JOURNAL"*
  cool
}

tree_title() { title="tree of $(($(of_directories 1000) * 50)) files, $state"; }

tree_cp() {
  tree_title
  against='cp -a && sync' limit=0.65
  make_tree
}
tree_cp_before() { fresh_tree; }
tree_cp_ours() { rcopy -a tree copy; }
tree_cp_theirs() { run cp -a tree copy && run sync; }

tree_rsync() {
  tree_title
  against='rsync -a' limit=0.80
  if missing rsync; then skipped='no rsync'; else make_tree; fi
}
tree_rsync_before() { fresh_tree; }
tree_rsync_ours() { rcopy -a tree copy; }
tree_rsync_theirs() { run rsync -a tree/ copy/; }

tree_none() {
  tree_title
  title+=', --verify=none' against='cp -a && sync' limit=0.55
  make_tree
}
tree_none_before() { fresh_tree; }
tree_none_ours() { rcopy -a --verify=none tree copy; }
tree_none_theirs() { tree_cp_theirs; }

# The second run, which finds that there is nothing to do.
tree_again() {
  tree_title
  title+=', unchanged' against='rsync -a' limit=1.30
  if missing rsync; then skipped='no rsync'; return; fi
  make_tree
  rm -rf -- copy
  cp -a tree copy
}
tree_again_before() {
  rm -f -- "$RCOPY_JOURNAL"*
  cool
}
tree_again_ours() { rcopy -a tree/. copy; }
tree_again_theirs() { run rsync -a tree/ copy/; }

# Twenty times as many files of one byte; theirs is the time that so many would take at the speed of tree_cp.
tree_many() {
  local i
  title="$(($(of_directories 1000) * 1000)) files of 1 byte" against='as many at the speed of the tree' limit=1.20
  make_tree
  for ((i = 0; i < $(of_directories 1000); ++i)); do make_files "many/d$((i / 40))/e$i" 1 1000; done
}
tree_many_before() { fresh_tree; }
tree_many_ours() { rcopy -a many copy; }
tree_many_theirs() {
  rcopy -a tree copy
  said_seconds=$(awk '{ print ($2 - $1) * 20 }' "$work/.runs")
}
tree_many_end() { rm -rf -- many copy; }
