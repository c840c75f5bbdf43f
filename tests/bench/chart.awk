# SPDX-License-Identifier: MIT
#
# The picture of report.awk as SVG: a pair of bars for each case, each pair in its own scale, with the
# limit as a line across ours. Its own background, so that it can be read on any page; dark where the
# reader prefers that.

function xml(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  gsub(/>/, "\\&gt;", text)
  return text
}

# class STYLE gives the colour in both themes and the look of text.
function colour(class) {
  return class == "ours" ? "#2563eb" : class == "theirs" ? "#a3acb9" : class == "limit" ? "#c2410c" \
    : class == "missed" ? "#b91c1c" : class == "muted" ? "#59636e" : "#1f2328"
}

function put_text(x, y, class, text, more) {
  printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" fill=\"%s\"%s>%s</text>\n", x, y, class, colour(class),
    more == "" ? "" : " " more, xml(text) > svg
}

function put_box(x, y, width, height, class) {
  printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\" class=\"%s\" fill=\"%s\"/>\n", x, y,
    width, height, class, colour(class) > svg
}

function put_line(x1, y1, x2, y2, class, width) {
  printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>\n", x1,
    y1, x2, y2, class, colour(class), width > svg
}

function begin_chart(height) {
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"", wide, height, \
    wide, height > svg
  printf " font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\" font-size=\"12\" role=\"img\">\n" > svg
  print "<title>rcopy beside what people use instead</title>" > svg
  print "<style>@media (prefers-color-scheme: dark) {" > svg
  print "  .page { fill: #0d1117; stroke: #3d444d } text { fill: #e6edf3 } text.muted { fill: #9198a1 }" > svg
  print "  rect.ours { fill: #4493f8 } rect.theirs { fill: #6e7681 } text.missed { fill: #ff7b72 }" > svg
  print "  line.limit { stroke: #f0883e } line.muted { stroke: #3d444d }" > svg
  print "}</style>" > svg
  printf "<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\" class=\"page\" fill=\"#ffffff\" stroke=\"#d1d9e0\"/>\n", \
    wide - 1, height - 1 > svg
}

function put_header() {
  put_text(left, 34, "title", "rcopy beside what people use instead", "font-size=\"18\" font-weight=\"600\"")
  put_text(left, 56, "muted", fact["processor"] ", " fact["memory"] ", " fact["kernel"] ", " fact["file_system"] " on " fact["disk"])
  put_text(left, 73, "muted", fact["rcopy"] ", " fact["date"] "; medians of " fact["rounds"] " rounds; caches " fact["caches"])
  put_box(left, 87, 12, 10, "ours")
  put_text(left + 18, 96, "muted", "rcopy")
  put_box(left + 70, 87, 12, 10, "theirs")
  put_text(left + 88, 96, "muted", "the other (shorter is better; each pair has its own scale)")
  put_line(left + 446, 84, left + 446, 100, "limit", 2)
  put_text(left + 454, 96, "muted", "the most that is good")
}

function put_section(y, title, last) {
  put_line(left, y + 8, wide - left, y + 8, "muted", 0.5)
  put_text(left, y + 27, "title", title, "font-size=\"13\" font-weight=\"600\"")
  put_text(judgement, y + 27, "muted", last)
}

# put_bar: with its value behind it, and behind the limit where that would cross it.
function put_bar(y, value, full, class, name, limit_at,    end, text) {
  end = full > 0 ? value / full * bar_length : 0
  limit_at = full > 0 ? limit_at / full * bar_length : 0
  text = with_unit(value, name)
  put_box(bars, y, end, 11, class)
  put_text(bars + (limit_at > end - 2 && limit_at < end + 8 + 7 * length(text) ? limit_at : end) + 6, y + 10, "value", text,
    "font-size=\"11\"")
}

function larger(a, b) { return a > b ? a : b }

function put_limit(y, value, full) {
  if (full > 0) put_line(bars + value / full * bar_length, y - 2, bars + value / full * bar_length, y + 13, "limit", 2)
}

function limit_text(name) { return limit[name] == "" ? "no limit" : "at most " limit[name] }

function put_pair(y, name,    a, b, full) {
  a = middle["ours", name]
  b = middle["theirs", name]
  full = larger(larger(a, b), limit[name] * b)
  put_text(left, y + 14, "work", work[name])
  put_text(left, y + 30, "muted", "against " against[name], "font-size=\"11\"")
  put_bar(y + 5, a, full, "ours", name, limit[name] * b)
  put_bar(y + 19, b, full, "theirs", name)
  if (limit[name] != "") put_limit(y + 5, limit[name] * b, full)
  put_text(judgement, y + 14, is_missed(name) ? "missed" : "work",
    short(middle["ratio", name]) (is_missed(name) ? "  missed" : ""), "font-weight=\"600\"")
  put_text(judgement, y + 30, "muted",
    limit_text(name) "; " short(least["ratio", name]) " to " short(most["ratio", name]), "font-size=\"11\"")
}

function put_single(y, name,    full) {
  full = larger(middle["ours", name], limit[name] + 0)
  put_text(left, y + 14, "work", work[name])
  put_bar(y + 4, middle["ours", name], full, "ours", name, limit[name] + 0)
  if (limit[name] != "") put_limit(y + 4, limit[name], full)
  put_text(judgement, y + 14, is_missed(name) ? "missed" : "muted",
    (is_missed(name) ? "missed: " : "") limit_text(name) "; " short(least["ours", name]) " to " short(most["ours", name]),
    "font-size=\"11\"")
}

function write_chart(    k, y, pairs) {
  wide = 940; left = 24; bars = 330; bar_length = 320; judgement = 750
  for (k = 1; k <= kinds; ++k) pairs += has_peer(order[k])
  begin_chart(112 + (pairs ? 36 + 42 * pairs : 0) + (kinds > pairs ? 36 + 26 * (kinds - pairs) : 0) + 17 * gaps + (gaps ? 18 : 0) + 14)
  put_header()
  y = 106
  if (pairs) { put_section(y, "Side by side", "rcopy : other"); y += 36 }
  for (k = 1; k <= kinds; ++k) if (has_peer(order[k])) { put_pair(y, order[k]); y += 42 }
  if (kinds > pairs) { put_section(y, "By itself", "limit"); y += 36 }
  for (k = 1; k <= kinds; ++k) if (!has_peer(order[k])) { put_single(y, order[k]); y += 26 }
  if (gaps) y += 18
  for (k = 1; k <= gaps; ++k) { put_text(left, y + 6, "muted", "left out: " missing[k] ", " reason[k], "font-size=\"11\""); y += 17 }
  print "</svg>" > svg
}
