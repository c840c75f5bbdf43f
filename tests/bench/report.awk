# SPDX-License-Identifier: MIT
#
# From the lines of bench.sh (case, title, against, limit, round, ours, theirs; tab between) to a
# table on standard output, a JSON file and an SVG chart.
BEGIN { FS = "\t" }

{
  if (!($1 in count)) order[++kinds] = $1
  n = ++count[$1]
  title[$1] = $2; against[$1] = $3; limit[$1] = $4
  ours[$1, n] = $6; theirs[$1, n] = $7
  ratio[$1, n] = $7 > 0 ? $6 / $7 : 0
}

# Copies values[name, 1..n] to sorted[1..n] in order.
function sort_of(values, name, n,    i, j, v) {
  for (i = 1; i <= n; ++i) {
    v = values[name, i] + 0
    for (j = i - 1; j >= 1 && sorted[j] > v; --j) sorted[j + 1] = sorted[j]
    sorted[j + 1] = v
  }
}

function median_of(values, name, n) {
  sort_of(values, name, n)
  return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function text(value) { gsub(/&/, "\\&amp;", value); gsub(/</, "\\&lt;", value); return value }

END {
  print machine
  printf "%-42s %-28s %8s %8s  %s\n", "work", "against", "ours s", "theirs s", "ratio: median (min to max), at most"
  printf "{\n  \"machine\": \"%s\",\n  \"cases\": [", machine > json
  height = 40 + 44 * kinds
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", height > svg
  printf "<rect width=\"760\" height=\"%d\" fill=\"white\"/>\n<text x=\"10\" y=\"18\">time of rcopy as a part of the other&#8217;s (shorter is faster; the line: equal); %s</text>\n", height, text(machine) > svg
  for (k = 1; k <= kinds; ++k) {
    name = order[k]; n = count[name]
    a = median_of(ours, name, n); b = median_of(theirs, name, n)
    r = median_of(ratio, name, n); least = sorted[1]; most = sorted[n]
    printf "%-42s %-28s %8.2f %8.2f  %.2f (%.2f to %.2f), %s%s\n", title[name], against[name], a, b, r, least, most, limit[name], (r <= limit[name] ? "" : "  MISSED")
    printf "%s\n    {\"case\": \"%s\", \"work\": \"%s\", \"against\": \"%s\", \"rounds\": %d, \"ours_s\": %.3f, \"theirs_s\": %.3f, \"ratio\": {\"median\": %.3f, \"min\": %.3f, \"max\": %.3f}, \"at_most\": %s}", (k > 1 ? "," : ""), name, title[name], against[name], n, a, b, r, least, most, limit[name] > json
    y = 40 + 44 * (k - 1); full = 440
    printf "<text x=\"10\" y=\"%d\">%s, against %s</text>\n<rect x=\"10\" y=\"%d\" width=\"%d\" height=\"14\" fill=\"#4878a8\"/>\n<text x=\"%d\" y=\"%d\">%.2f</text>\n", y + 10, text(title[name]), text(against[name]), y + 14, r * full, r * full + 16, y + 26, r > svg
  }
  printf "<line x1=\"%d\" x2=\"%d\" y1=\"28\" y2=\"%d\" stroke=\"#888\"/>\n</svg>\n", 10 + full, 10 + full, height > svg
  printf "\n  ]\n}\n" > json
}
