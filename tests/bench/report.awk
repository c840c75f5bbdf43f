# SPDX-License-Identifier: MIT
#
# From results.tsv of bench.sh to a table on standard output and a JSON file; chart.awk, which is read
# beside it, makes the picture. A line is case, work, against, unit, limit, round, ours and theirs with
# tabs between, or @fact, name, value, or @left_out, case, reason. Each round gives a ratio, and the
# figures are the medians of the rounds. What has no peer is held to its limit by itself.
BEGIN { FS = "\t" }

$1 == "@fact" { fact_name[++facts] = $2; fact[$2] = $3; next }
$1 == "@left_out" { missing[++gaps] = $2; reason[gaps] = $3; next }
{
  if (!($1 in rounds)) order[++kinds] = $1
  n = ++rounds[$1]
  work[$1] = $2; against[$1] = $3; unit[$1] = $4; limit[$1] = $5
  ours[$1, n] = $7; theirs[$1, n] = $8
  ratio[$1, n] = $8 > 0 ? $7 / $8 : 0
}

# Sets middle[what, name], least[what, name] and most[what, name] of values[name, 1..n].
function sum_up(what, values, name,    n, i, j, v, sorted) {
  n = rounds[name]
  for (i = 1; i <= n; ++i) {
    v = values[name, i] + 0
    for (j = i - 1; j >= 1 && sorted[j] > v; --j) sorted[j + 1] = sorted[j]
    sorted[j + 1] = v
  }
  least[what, name] = sorted[1]
  most[what, name] = sorted[n]
  middle[what, name] = (sorted[int((n + 1) / 2)] + sorted[int(n / 2) + 1]) / 2
}

function has_peer(name) { return against[name] != "" }
function judged(name) { return has_peer(name) ? "ratio" : "ours" }
function is_missed(name) { return limit[name] != "" && middle[judged(name), name] > limit[name] + 0 }

# So many digits as somebody wants to read.
function short(value) {
  if (value == int(value) && value < 1000) return value ""
  return sprintf(value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 0.1 ? "%.2f" : "%.3f", value)
}

function with_unit(value, name) { return short(value) " " unit[name] }

function json_text(text) {
  gsub(/\\/, "&&", text)
  gsub(/"/, "\\\"", text)
  return "\"" text "\""
}

function json_figure(what, name) {
  return sprintf("{\"median\": %.6g, \"min\": %.6g, \"max\": %.6g}", middle[what, name], least[what, name],
                 most[what, name])
}

function print_table(    k, name, what) {
  for (k = 1; k <= facts; ++k) printf "%-12s %s\n", fact_name[k], fact[fact_name[k]]
  printf "\n%-48s %-30s %11s %11s  %-24s %s\n", "work", "against", "rcopy", "other", "ratio (min to max)", "at most"
  for (k = 1; k <= kinds; ++k) {
    name = order[k]
    what = judged(name)
    printf "%-48s %-30s %11s %11s  %-24s %s\n", work[name], (has_peer(name) ? against[name] : "-"),
      with_unit(middle["ours", name], name), (has_peer(name) ? with_unit(middle["theirs", name], name) : "-"),
      (has_peer(name) ? short(middle[what, name]) " " : "") "(" short(least[what, name]) " to " short(most[what, name]) ")",
      (limit[name] == "" ? "-" : limit[name]) (is_missed(name) ? "  MISSED" : "")
  }
  for (k = 1; k <= gaps; ++k) printf "left out: %s: %s\n", missing[k], reason[k]
}

function write_json(    k, name) {
  printf "{\n  \"facts\": {" > json
  for (k = 1; k <= facts; ++k)
    printf "%s\n    %s: %s", (k > 1 ? "," : ""), json_text(fact_name[k]), json_text(fact[fact_name[k]]) > json
  printf "\n  },\n  \"cases\": [" > json
  for (k = 1; k <= kinds; ++k) {
    name = order[k]
    printf "%s\n    {\"case\": %s, \"work\": %s, \"against\": %s, \"unit\": %s, \"rounds\": %d", (k > 1 ? "," : ""),
      json_text(name), json_text(work[name]), (has_peer(name) ? json_text(against[name]) : "null"),
      json_text(unit[name]), rounds[name] > json
    printf ", \"ours\": %s, \"theirs\": %s, \"ratio\": %s", json_figure("ours", name),
      (has_peer(name) ? json_figure("theirs", name) : "null"), (has_peer(name) ? json_figure("ratio", name) : "null") > json
    printf ", \"at_most\": %s, \"missed\": %s}", (limit[name] == "" ? "null" : limit[name] + 0),
      (is_missed(name) ? "true" : "false") > json
  }
  printf "\n  ],\n  \"left_out\": [" > json
  for (k = 1; k <= gaps; ++k)
    printf "%s\n    {\"case\": %s, \"reason\": %s}", (k > 1 ? "," : ""), json_text(missing[k]), json_text(reason[k]) > json
  printf "\n  ]\n}\n" > json
}

END {
  for (k = 1; k <= kinds; ++k) {
    sum_up("ours", ours, order[k])
    sum_up("theirs", theirs, order[k])
    sum_up("ratio", ratio, order[k])
  }
  print_table()
  write_json()
  write_chart()
}
