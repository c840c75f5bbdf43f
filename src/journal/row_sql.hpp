// SPDX-License-Identifier: MIT
//
// A Row into the parameters of a statement and out of its columns. For the journal only.
#pragma once

#include "journal/row.hpp"
#include "journal/sqlite.hpp"

#include <cstdint>
#include <string>

namespace rcopy::journal {

/// Ids that rcopy accepts: the upper bits are free for who hands them out.
inline constexpr int kIdBits = 48;
inline constexpr std::int64_t kMaxId = (std::int64_t{1} << kIdBits) - 1;

/// Binds all columns for put_sql(). Keeps what it had to make (hash text) in `this`, so it and
/// the row must live until the run is over.
class RowParameters {
 public:
  RowParameters(Statement& statement, const Row& row);

 private:
  std::string file_hash_;
};

/// A row of find_sql(), or in words what is senseless about it. The database may be damaged or
/// edited by hand, so nothing is taken for granted.
struct ReadRow {
  std::optional<Row> row;
  std::string nonsense;
};
[[nodiscard]] ReadRow read_row(const Statement& statement);

}  // namespace rcopy::journal
