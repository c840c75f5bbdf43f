// SPDX-License-Identifier: MIT
//
// The calls of the seam in words.
#include "support/faulty.hpp"

#include <ostream>
#include <sstream>

namespace rcopy::test {

const char* name_of(Call kind) {
  switch (kind) {
    case Call::open_directory: return "open_directory";
    case Call::stat: return "stat";
    case Call::resolve: return "resolve";
    case Call::open: return "open";
    case Call::dir_stat: return "dir_stat";
    case Call::check_writable: return "check_writable";
    case Call::rename: return "rename";
    case Call::rename_new: return "rename_new";
    case Call::link: return "link";
    case Call::unlink: return "unlink";
    case Call::open_dir_at: return "open_dir_at";
    case Call::make_directory: return "make_directory";
    case Call::make_symlink: return "make_symlink";
    case Call::make_node: return "make_node";
    case Call::read_link: return "read_link";
    case Call::entries: return "entries";
    case Call::dir_sync: return "dir_sync";
    case Call::sync_fs: return "sync_fs";
    case Call::fs_info: return "fs_info";
    case Call::read: return "read";
    case Call::write: return "write";
    case Call::sync_data: return "sync_data";
    case Call::sync_all: return "sync_all";
    case Call::truncate: return "truncate";
    case Call::fstat: return "fstat";
    case Call::device_size: return "device_size";
    case Call::device_sequence: return "device_sequence";
    case Call::lock: return "lock";
    case Call::drop_cache: return "drop_cache";
    case Call::is_cached: return "is_cached";
    case Call::expect_random: return "expect_random";
    case Call::allocate: return "allocate";
    case Call::is_dirty: return "is_dirty";
    case Call::set_owner: return "set_owner";
    case Call::set_mode: return "set_mode";
    case Call::set_times: return "set_times";
    case Call::xattr_names: return "xattr_names";
    case Call::xattr: return "xattr";
    case Call::set_xattr: return "set_xattr";
    case Call::remove_xattr: return "remove_xattr";
    case Call::clone: return "clone";
    case Call::seek_data: return "seek_data";
    case Call::seek_hole: return "seek_hole";
    case Call::punch_hole: return "punch_hole";
    case Call::close: return "close";
  }
  return "?";
}

std::ostream& operator<<(std::ostream& out, Call kind) { return out << name_of(kind); }

std::string text_of(const CallInfo& call) {
  std::ostringstream text;
  text << name_of(call.kind) << ' ' << call.path.filename().native();
  if (!call.new_path.empty()) text << " -> " << call.new_path.filename().native();
  const bool extent = call.kind == Call::punch_hole || call.kind == Call::allocate;
  if (call.kind == Call::read || call.kind == Call::write || extent) {
    text << ' ' << call.offset_bytes << '+' << call.size_bytes;
  }
  const bool at_offset = call.kind == Call::truncate || call.kind == Call::seek_data || call.kind == Call::seek_hole;
  if (at_offset) text << ' ' << call.offset_bytes;
  return text.str();
}

}  // namespace rcopy::test
