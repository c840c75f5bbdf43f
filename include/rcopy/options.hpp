// SPDX-License-Identifier: MIT
//
// How to copy. Filled in once, checked once, never changed after.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace rcopy {

/// Where the finished copy is read back from before it gets its final name.
enum class Verify {
  medium,  ///< past the page cache: what the device holds
  cache,   ///< through the page cache: catches bugs and bad memory, not a bad medium
  none,    ///< not at all; exit code 0 then means "copied and durable", not "proven"
};

/// What to do with what an earlier run left behind.
enum class Resume {
  automatic,  ///< continue at the confirmed position; up to date when nothing changed
  check,      ///< as automatic, but the whole kept prefix is read back and hashed first
  never,      ///< start over, also when the journal says "up to date"
};

/// What else the copy gets than its content.
enum class Mode {
  like_cp,   ///< new: the source's less the umask; existing: its own
  preserve,  ///< the source's, with its set-id bits and its ACL
  usual,     ///< as if made by any program: 0666 less the umask
};

enum class Ownership {
  like_cp,   ///< new: who copies; existing: its own, where permitted
  preserve,  ///< the source's, where permitted
};

enum class Timestamps {
  like_cp,   ///< of the copying
  preserve,  ///< the source's, in nanoseconds
};

/// Extended attributes, but for ACLs, which belong to the mode, and security contexts.
enum class Xattrs {
  like_cp,   ///< none
  possible,  ///< the source's, as far as file system and rights allow, without a word
  preserve,  ///< the source's, or the file fails
};

/// Of several names of one file among the sources of a job.
enum class HardLinks {
  separate,  ///< each becomes a file of its own
  preserve,  ///< the copies are names of one file, too
};

struct Attributes {
  Mode mode = Mode::like_cp;
  Ownership ownership = Ownership::like_cp;
  Timestamps timestamps = Timestamps::like_cp;
  Xattrs xattrs = Xattrs::like_cp;
  HardLinks hard_links = HardLinks::separate;

  bool operator==(const Attributes&) const = default;
};

/// `cp -p`.
inline constexpr Attributes kPreserved{.mode = Mode::preserve,
                                       .ownership = Ownership::preserve,
                                       .timestamps = Timestamps::preserve};

/// Whether the copy may share the blocks of its source, where the file system can (xfs, btrfs).
enum class Reflink {
  automatic,  ///< share them, else copy the bytes
  always,     ///< share them, else fail; bytes are never copied
  never,      ///< copy the bytes
};

/// Where a copy is until it is finished.
enum class Writing {
  beside,    ///< in a partial, which takes the destination's name when it is verified
  in_place,  ///< in the destination itself, where there is one: its old content is lost from the start
};

/// What is written where the copy goes over bytes that are there already: in place, or after a read-back
/// that failed.
enum class Rewrite {
  all,
  differing,  ///< blocks that the medium holds already are left alone; others are written
};

/// What a copy of a regular file is.
enum class Make {
  copy,
  hard_link,      ///< another name of the source; nothing is copied (cp -l)
  symbolic_link,  ///< a symlink to the source (cp -s)
  attributes,     ///< the destination with what it has, created empty, and the source's attributes
};

/// What happens to a source that is a directory.
enum class Recursion {
  none,  ///< it is an error
  all,   ///< it is copied with everything in it
};

/// Which symlinks among the sources are followed; others are copied as links.
enum class Follow {
  all,    ///< cp -L
  named,  ///< only those that the job names itself (cp -H)
  none,   ///< cp -P
};

/// What is made of a FIFO, a socket or a device that is found below a directory.
enum class Specials {
  nodes,     ///< another of its kind
  contents,  ///< what can be read from it (cp --copy-contents); it is refused for all but block devices
};

/// Whether a directory of the source is taken along where another file system is mounted on it.
enum class Mounts {
  cross,
  stay,  ///< it is made, and left empty
};

/// A symlink to a directory that stands where a directory of the source goes.
enum class DirectoryLinks {
  refuse,  ///< is not a directory, so that one cannot be copied there
  follow,  ///< counts as what it leads to
};

/// By what a file that is there already is known to need no copying, where its timestamps are preserved.
enum class Compare {
  times,    ///< equal size and mtime
  content,  ///< equal bytes; both are read
};

/// One rule of rsync's; the first that fits a name decides.
struct FilterRule {
  enum class Action { exclude, include } action = Action::exclude;
  std::string pattern;  ///< with *, ?, **, [ ], a slash at its begin that anchors it, one at its end for directories
};

/// Whether anything is done at all.
enum class Execution {
  real,
  dry,  ///< what would be done is only told
};

/// What becomes of a source whose copy is verified and durable.
enum class Sources { keep, remove };

/// What becomes of the list of finished files when all of a job is done.
enum class Catalog {
  drop,
  keep,  ///< for later checks
};

/// Which destinations that exist are replaced. A copy that was begun in place, or has its name already, is
/// finished in any case.
enum class Update {
  all,
  older,      ///< those whose mtime is before the source's
  none,
  none_fail,  ///< none, and each is a failure
};

/// How a destination is replaced.
enum class Replace {
  writable,  ///< as cp: only what may be written, and what a symlink leads to instead of the link
  any,       ///< also what may not be written, as a rename can
  name,      ///< whatever has the name, be it a link: nothing of it is kept
};

/// Whether the user is asked before a destination is replaced: Observer::may_replace().
enum class Ask { never, before_replacing };

/// What becomes of a file, or of a link, that is replaced. It never lacks a name meanwhile, except where
/// no hard link can be made: on some file systems, and for some files of other users.
enum class Backup {
  none,
  simple,    ///< it is kept as NAME and the suffix; an older one of this kind is lost
  numbered,  ///< it is kept as NAME.~N~
  existing,  ///< numbered where there are numbered ones already, else simple
};

/// Who goes first where several processes want the disk.
enum class IoPriority {
  usual,
  idle,  ///< everybody else
};

/// What a copy does to the page cache, which holds what other programs read.
enum class Cache {
  automatic,  ///< leaves it as it was, as far as the file system allows, or the file is small
  keep,       ///< everything goes through it and stays, as with cp
  drop,       ///< nothing of source and destination stays, whoever cached it
};

/// What becomes of holes, and of zeros that could be holes.
enum class Sparse {
  automatic,  ///< where the source has holes, zeros of it become holes; others are copied as they are
  always,     ///< all zeros become holes, as far as the file system has them
  never,      ///< no holes: zeros are written
};

/// A wait without an end.
inline constexpr std::chrono::milliseconds kForever = std::chrono::milliseconds::max();

struct Options {
  /// The SQLite journal. Without one nothing survives the process: no resume by a later run.
  std::optional<std::filesystem::path> journal = std::nullopt;
  Verify verify = Verify::medium;
  Resume resume = Resume::automatic;
  Attributes attributes = {};
  Recursion recursion = Recursion::none;
  Follow follow = Follow::all;
  Make make = Make::copy;
  Specials specials = Specials::nodes;
  Mounts mounts = Mounts::cross;
  DirectoryLinks directory_links = DirectoryLinks::refuse;
  Compare compare = Compare::times;
  std::vector<FilterRule> filters = {};  ///< of what is below the sources, not of these themselves
  std::uint64_t min_bytes = 0;  ///< regular files that are smaller, or larger, are left out
  std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max();
  Execution execution = Execution::real;
  Sources sources = Sources::keep;
  Catalog catalog = Catalog::drop;
  unsigned jobs = 0;  ///< how many small files are copied at once; 0: as many as are fast on most disks
  Reflink reflink = Reflink::automatic;
  /// A block device as destination is written in place, whatever this says.
  Writing writing = Writing::beside;
  Rewrite rewrite = Rewrite::all;
  Update update = Update::all;
  Replace replace = Replace::writable;
  Ask ask = Ask::never;
  Backup backup = Backup::none;
  std::string backup_suffix = "~";  ///< of simple backups: not empty, without a slash
  /// What the one source of a job holds, as FileSummary::file_hash: else nothing is published, and what was copied
  /// is deleted. In place the old content is lost before this can be known. A destination that is kept
  /// (Update, Ask) is not compared.
  std::optional<std::string> expected_hash = std::nullopt;
  /// A file to list the copies in, as `xxh128sum -c` reads it: one line for each regular file of the job that holds what
  /// its source does, named as FileSummary::named. It is replaced, durably, when nothing failed, and stays as it
  /// was else. Files whose hash is not known otherwise are read for it.
  std::optional<std::filesystem::path> manifest = std::nullopt;
  /// How often one file is tried again, over all reasons (mismatch, changed source, I/O error).
  unsigned retries = 3;
  /// The wait before the first try after an I/O error; doubles each time, to at most 30 s.
  std::chrono::milliseconds retry_wait = std::chrono::seconds{1};
  /// How long to wait, each time, for the file system of the source or the destination when it is
  /// gone (unplugged, unmounted, network away), then to continue; zero: not at all.
  std::chrono::milliseconds device_wait{0};
  /// At most so many bytes a second, for copying and for reading back; 0: no limit.
  std::uint64_t bytes_per_second = 0;
  IoPriority io_priority = IoPriority::usual;
  Cache cache = Cache::automatic;
  Sparse sparse = Sparse::automatic;
  /// How long to wait for another rcopy that works on the same destination; zero: not at all.
  std::chrono::milliseconds lock_wait{0};
  /// These options in words of the caller's own, which the journal keeps with what is not finished, for who
  /// continues it later (JournalRecord::options). Nothing else reads them.
  std::string words = {};
};

/// Throws Error (usage) where the values make no sense together.
void check(const Options& options);

}  // namespace rcopy
