// SPDX-License-Identifier: MIT
//
// Rows of the journal for people, as a table that fits 80 columns but for long names, and for programs. Pure
// functions.
#pragma once

#include <rcopy/journal.hpp>

#include <string>
#include <vector>

namespace rcopy::ui {

/// As --forget takes it: "12" of a file, "t3" of a tree.
[[nodiscard]] std::string to_text(const RecordId& id);

/// Times are in the zone of the user. "nothing is unfinished" where that is so.
[[nodiscard]] std::vector<std::string> journal_table(const std::vector<JournalRecord>& records);

/// "forgot 12: '/a' -> '/b', and its partial '/.b.rcopy-part' was removed".
[[nodiscard]] std::string forgotten_line(const Forgotten& forgotten);

/// One object: docs/json-output.md.
[[nodiscard]] std::string unfinished_json(const JournalRecord& record);
[[nodiscard]] std::string forgotten_json(const Forgotten& forgotten);

}  // namespace rcopy::ui
