// SPDX-License-Identifier: MIT
//
// Sizes and counts are written as they are; device and inode numbers use all 64 bits and are
// negative in the database from 2^63 on.
#include "journal/row_sql.hpp"

#include "journal/schema.hpp"

#include <utility>

namespace rcopy::journal {
namespace {

constexpr int parameter(Column column) { return static_cast<int>(column) + 1; }
constexpr int position(Column column) { return static_cast<int>(column) + 1; }  // 0 is the id

class Binder {
 public:
  explicit Binder(Statement& statement) : statement_{statement} {}

  void number(Column column, std::uint64_t value) {
    number(column, static_cast<std::int64_t>(value));
  }
  void number(Column column, std::int64_t value) { statement_.bind(parameter(column), value); }
  void text(Column column, std::string_view value) { statement_.bind(parameter(column), value); }
  void text_or_null(Column column, std::string_view value) {
    value.empty() ? statement_.bind_null(parameter(column)) : text(column, value);
  }
  void blob_or_null(Column column, const std::vector<std::byte>& value) {
    statement_.bind(parameter(column), std::span<const std::byte>{value});
  }

 private:
  Statement& statement_;
};

/// What a column holds instead of what it should.
struct Nonsense {
  std::string text;
};

[[noreturn]] void reject(Column column, const char* why) {
  throw Nonsense{std::string{kColumnNames[static_cast<std::size_t>(column)]} + " " + why};
}

class Columns {
 public:
  explicit Columns(const Statement& statement) : statement_{statement} {}

  std::int64_t number(Column column) const {
    const auto value = statement_.integer(position(column));
    if (!value) reject(column, "is no integer");
    return *value;
  }

  std::int64_t number_or_zero(Column column) const {
    return statement_.is_null(position(column)) ? 0 : number(column);
  }

  /// All 64 bits.
  std::uint64_t bits(Column column) const { return static_cast<std::uint64_t>(number(column)); }

  std::uint64_t count(Column column) const {
    const std::int64_t value = number(column);
    if (value < 0) reject(column, "is negative");
    return static_cast<std::uint64_t>(value);
  }

  std::string text(Column column) const {
    const auto value = statement_.text(position(column));
    if (!value) reject(column, "is no text");
    return std::string{*value};
  }

  std::string text_or_empty(Column column) const {
    return statement_.is_null(position(column)) ? std::string{} : text(column);
  }

  std::filesystem::path path(Column column) const {
    std::string value = text(column);
    if (value.empty() || value.find('\0') != std::string::npos) reject(column, "is no path");
    return value;
  }

  std::vector<std::byte> blob_or_empty(Column column) const {
    if (statement_.is_null(position(column))) return {};
    const auto value = statement_.blob(position(column));
    if (!value) reject(column, "is no blob");
    return {value->begin(), value->end()};
  }

 private:
  const Statement& statement_;
};

std::optional<hash::Digest> read_hash(const Columns& columns) {
  const std::string text = columns.text_or_empty(Column::file_hash);
  if (text.empty()) return std::nullopt;
  const auto digest = hash::Digest::from_hex(text);
  if (!digest) reject(Column::file_hash, "is no hash");
  return digest;
}

Status read_status(const Columns& columns) {
  const auto status = status_from_text(columns.text(Column::status));
  if (!status) reject(Column::status, "is none that rcopy knows");
  return *status;
}

std::string read_verified_by(const Columns& columns) {
  std::string how = columns.text_or_empty(Column::verified_by);
  if (!how.empty() && how != "none" && how != "cache" && how != "medium") {
    reject(Column::verified_by, "is none that rcopy knows");
  }
  return how;
}

/// What the columns must be to each other: the table's CHECKs, and one more.
void check_together(const Row& row) {
  // Else a partial that ends at total_bytes would be taken for the whole file.
  if (row.total_bytes != row.source.size_bytes) reject(Column::total_bytes, "is not source_size");
  if (row.transferred_bytes > row.total_bytes)
    reject(Column::transferred_bytes, "is beyond total_bytes");
  if (row.durable_bytes > row.transferred_bytes)
    reject(Column::durable_bytes, "is beyond transferred_bytes");
  const bool has_all = row.status != Status::in_progress && row.status != Status::failed;
  const bool never_read = has_all && row.status != Status::copied && row.verified_by == "none";
  if (row.transferred_bytes > 0 && !row.file_hash && !never_read) reject(Column::file_hash, "is missing");
  if (has_all && row.durable_bytes != row.total_bytes)
    reject(Column::status, "says more than durable_bytes");
}

Row read_columns(std::int64_t id, const Columns& columns) {
  Row row{
      .id = id,
      .file_path = columns.path(Column::file_path),
      .dest_path = columns.path(Column::dest_path),
      .total_bytes = columns.count(Column::total_bytes),
      .transferred_bytes = columns.count(Column::transferred_bytes),
      .durable_bytes = columns.count(Column::durable_bytes),
      .file_hash = read_hash(columns),
      .hash_state = columns.blob_or_empty(Column::hash_state),
      .durable_hash_state = columns.blob_or_empty(Column::durable_hash_state),
      .source = {.device = columns.bits(Column::source_dev),
                 .inode = columns.bits(Column::source_ino),
                 .size_bytes = columns.count(Column::source_size),
                 .mtime_ns = columns.number(Column::source_mtime_ns),
                 .ctime_ns = columns.number(Column::source_ctime_ns)},
      .partial = {.device = columns.bits(Column::partial_dev),
                  .inode = columns.bits(Column::partial_ino),
                  .birth_ns = columns.number(Column::partial_birth_ns)},
      .content = {.mtime_ns = columns.number(Column::content_mtime_ns),
                  .ctime_ns = columns.number(Column::content_ctime_ns)},
      .mount = {.point = columns.text_or_empty(Column::dest_mount),
                    .fs_type = columns.bits(Column::dest_fs_type),
                    .fs_id = columns.bits(Column::dest_fs_id),
                    .root_inode = columns.bits(Column::dest_root_ino),
                    .root_birth_ns = columns.number(Column::dest_root_birth_ns)},
      .status = read_status(columns),
      .verified_by = read_verified_by(columns),
      .attempts = columns.count(Column::attempts),
      .last_error = columns.text_or_empty(Column::last_error),
      .started_at = columns.number(Column::started_at),
      .updated_at = columns.number(Column::updated_at),
      .completed_at = columns.number_or_zero(Column::completed_at),
      .rcopy_version = columns.text(Column::rcopy_version),
      .options = columns.text_or_empty(Column::options),
  };
  check_together(row);
  return row;
}

}  // namespace

RowParameters::RowParameters(Statement& statement, const Row& row)
    : file_hash_{row.file_hash ? row.file_hash->hex() : std::string{}} {
  Binder bind{statement};
  bind.text(Column::file_path, row.file_path.native());
  bind.text(Column::dest_path, row.dest_path.native());
  bind.number(Column::total_bytes, row.total_bytes);
  bind.number(Column::transferred_bytes, row.transferred_bytes);
  bind.number(Column::durable_bytes, row.durable_bytes);
  bind.text_or_null(Column::file_hash, file_hash_);
  bind.blob_or_null(Column::hash_state, row.hash_state);
  bind.blob_or_null(Column::durable_hash_state, row.durable_hash_state);
  bind.number(Column::source_dev, row.source.device);
  bind.number(Column::source_ino, row.source.inode);
  bind.number(Column::source_size, row.source.size_bytes);
  bind.number(Column::source_mtime_ns, row.source.mtime_ns);
  bind.number(Column::source_ctime_ns, row.source.ctime_ns);
  bind.number(Column::partial_dev, row.partial.device);
  bind.number(Column::partial_ino, row.partial.inode);
  bind.number(Column::partial_birth_ns, row.partial.birth_ns);
  bind.number(Column::content_mtime_ns, row.content.mtime_ns);
  bind.number(Column::content_ctime_ns, row.content.ctime_ns);
  bind.text_or_null(Column::dest_mount, row.mount.point.native());
  bind.number(Column::dest_fs_type, row.mount.fs_type);
  bind.number(Column::dest_fs_id, row.mount.fs_id);
  bind.number(Column::dest_root_ino, row.mount.root_inode);
  bind.number(Column::dest_root_birth_ns, row.mount.root_birth_ns);
  bind.text(Column::status, to_text(row.status));
  bind.text_or_null(Column::verified_by, row.verified_by);
  bind.number(Column::attempts, row.attempts);
  bind.text_or_null(Column::last_error, row.last_error);
  bind.number(Column::started_at, row.started_at);
  bind.number(Column::updated_at, row.updated_at);
  if (row.completed_at != 0) bind.number(Column::completed_at, row.completed_at);
  bind.text(Column::rcopy_version, row.rcopy_version);
  bind.text_or_null(Column::options, row.options);
}

ReadRow read_row(const Statement& statement) {
  const auto id = statement.integer(0);
  if (!id || *id < 1 || *id > kMaxId)
    return {.row = std::nullopt, .nonsense = "id is out of range"};
  try {
    return {.row = read_columns(*id, Columns{statement}), .nonsense = {}};
  } catch (Nonsense& found) {
    return {.row = std::nullopt, .nonsense = std::move(found.text)};
  }
}

}  // namespace rcopy::journal
