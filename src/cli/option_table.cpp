// SPDX-License-Identifier: MIT
//
// Puts the groups of options into the order of --help, and knows which of them -h shows.
#include "cli/option_table.hpp"

#include "cli/option_rows.hpp"

#include <rcopy/error.hpp>

#include <algorithm>
#include <utility>

namespace rcopy::cli {
namespace {

std::vector<Row> all_rows() {
  std::vector<Row> table;
  for (const Group& group : option_groups()) {
    table.insert(table.end(), group.rows.begin(), group.rows.end());
  }
  return table;
}

}  // namespace

void refuse(std::string message) {
  throw Error{
      {.code = ErrorCode::usage, .operation = {}, .path = {}, .reason = std::move(message)}};
}

const std::vector<Group>& option_groups() {
  static const std::vector<Group> groups{
      {"What is copied, and as what", tree_rows()},
      {"What a copy keeps of its source", attribute_rows()},
      {"Where it goes, and what it replaces", replace_rows()},
      {"Which files are copied", selection_rows()},
      {"How it is made, continued and proven", proof_rows()},
      {"What it waits for, and leaves to others", load_rows()},
      {"What is kept of it, and said", talk_rows()},
      {"Instead of copying", instead_rows()},
  };
  return groups;
}

const std::vector<Row>& option_table() {
  static const std::vector<Row> table = all_rows();
  return table;
}

std::vector<Row> usual_rows() {
  std::vector<Row> rows;
  for (const std::string name : {"-a", "-r", "-p", "-n", "-u", "-i", "--exclude", "--dry-run", "--wait", "-v"}) {
    const auto& table = option_table();
    rows.push_back(*std::find_if(table.begin(), table.end(), [&name](const Row& row) {
      return row.short_name == name || row.long_name == name;
    }));
  }
  return rows;
}

}  // namespace rcopy::cli
