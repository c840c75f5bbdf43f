// SPDX-License-Identifier: MIT
//
// What is asked for, and what becomes of each file. tree_copier_batches.cpp makes it durable.
#include "engine/tree_copier.hpp"

#include "engine/file_lock.hpp"
#include "engine/identity.hpp"
#include "engine/interrupted.hpp"
#include "engine/limits.hpp"
#include "engine/pause.hpp"
#include "engine/staged_file.hpp"
#include "engine/staged_name.hpp"
#include "engine/tree_existing.hpp"
#include "engine/tree_walk.hpp"
#include "io/memory.hpp"
#include "io/open_files.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace rcopy::engine {
namespace {

constexpr std::size_t kMostDirectories = 1024;
constexpr std::size_t kShare = 6;  ///< of the open files that the process may have
using std::chrono::milliseconds;

constexpr milliseconds kLockPoll{100};

/// Unless something else is under way, which has the say.
class ShownAsWaiting {
 public:
  explicit ShownAsWaiting(Counters& counters) : counters_{counters} {
    Phase idle = Phase::idle;
    ours_ = counters_.phase.compare_exchange_strong(idle, Phase::waiting);
  }
  ~ShownAsWaiting() {
    Phase waiting = Phase::waiting;
    if (ours_) counters_.phase.compare_exchange_strong(waiting, Phase::idle);
  }
  ShownAsWaiting(const ShownAsWaiting&) = delete;
  ShownAsWaiting& operator=(const ShownAsWaiting&) = delete;

 private:
  Counters& counters_;
  bool ours_ = false;
};

/// In a run that was cut short another name may have had the first turn, and this one left what it would not replace
/// now.
void remove_leftover(const Run& run, const TreeTask& task, LinkTable::Turn turn) {
  if (task.directory->origin() == Origin::made || run.options.execution == Execution::dry) return;
  if (turn == LinkTable::Turn::copy) {
    const auto directory = task.directory->destination().handle();  // a transfer may renew it meanwhile
    const io::Name name = temporary_name_for(task.directory->name_of(task.entry.name));
    if (io::find(*directory, name)) io::unlink(*directory, name);
    return;
  }
  const Place place = place_in(*task.directory, task.entry.name);
  if (peek_partial(place)) Partial{run.fs, place, std::nullopt}.remove();
}

/// Each staged file has one open, and its directory two.
TreeQueue::Limits limits_for(std::size_t open_files) {
  TreeQueue::Limits limits;
  limits.staged = std::min(limits.staged, open_files / kShare);
  limits.batch = std::min(limits.batch, std::max<std::size_t>(limits.staged / 4, 1));
  return limits;
}

}  // namespace

TreeCopier::TreeCopier(const Run& run, JobReport& report)
    : run_{run},
      report_{report},
      open_files_{io::raise_open_files_limit()},
      queue_{limits_for(open_files_)},
      links_{run.options.follow},
      parents_{run, directories_} {
  const auto end = [this] {
    ending_.request_stop();
    queue_.stop();
  };
  on_stop_.emplace(run.stop, end);
  on_failure_.emplace(failure_.stopped(), end);
  start_threads(run.options.jobs == 0 ? kUsualJobs : run.options.jobs);
}

TreeCopier::~TreeCopier() { end_threads(); }

void TreeCopier::start_threads(unsigned jobs) {
  const auto start = [this](void (TreeCopier::*what)()) {
    threads_.emplace_back([this, what] { failure_.guard([this, what] { (this->*what)(); }); });
  };
  constexpr std::size_t kFewest = 3;
  try {
    start(&TreeCopier::transfer);
    start(&TreeCopier::commit);
    for (unsigned i = 0; i < jobs; ++i) start(&TreeCopier::work);
  } catch (const std::system_error&) {
    if (threads_.size() >= kFewest) return;  // no more to be had; with one worker the rest can wait
    end_threads();
    throw;
  }
}

void TreeCopier::end_threads() {
  queue_.stop();
  threads_.clear();
}

void TreeCopier::copy(const std::filesystem::path& source, const std::filesystem::path& destination) {
  queue_.walk_begins();
  destination_ = destination;
  try {
    walk(open_tree(run_, source, destination, directories_));
  } catch (const Error& error) {
    report_.failed(error, source, destination);
  }
  queue_.walk_ends();
  finish_directories();
}

/// As long as this works in the tree nobody else does: two runs would copy everything twice.
void TreeCopier::lock(const TreeDirectory& root) {
  const auto& stat = root.destination().stat();
  const bool ours = locked_.contains({stat.device, stat.inode});  // another source goes there, too
  if (ours || run_.options.execution == Execution::dry) return;
  auto file = io::open(*root.destination().handle(), ".", io::OpenMode::read_back);
  const auto begun = std::chrono::steady_clock::now();
  bool told = false;
  while (const int error = take_lock(*file)) {
    // Some file systems have no locks for directories; each file has one all the same.
    if (error != EWOULDBLOCK) return;
    const Error busy{{.code = ErrorCode::busy,
                      .operation = "copy to",
                      .path = root.destination().shown(),
                      .reason = "another rcopy is copying to it"}};
    const milliseconds waited = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
    if (run_.stop.stop_requested()) throw interrupted("copy", root.destination().shown());
    if (waited >= run_.options.lock_wait) throw Error{busy};
    if (!std::exchange(told, true)) {
      run_.events.emit(Waiting{.error = busy, .until = "it has finished", .at_most = run_.options.lock_wait});
    }
    const ShownAsWaiting shown{run_.events.counters()};
    pause_until(std::chrono::steady_clock::now() + kLockPoll, run_.stop);
  }
  locked_.insert({stat.device, stat.inode});
  locks_.push_back(std::move(file));
}

void TreeCopier::copy_one(const Operand& source, const std::filesystem::path& destination) {
  try {
    const GivenFile file = split(run_.fs, source.path, destination);
    if (!given_ || given_->at != file.at || !file.called.empty()) {
      given_.emplace(Given{.at = file.at, .directory = open_given(run_, file.at, directories_)});
      if (!file.called.empty()) given_->directory->rename(file.called);
    }
    put(given_->directory, file.name, source);
  } catch (const Error& error) {
    report_.failed(error, source.path, destination);
  }
  finish_directories();
}

void TreeCopier::copy_below(const Operand& source, const std::filesystem::path& destination,
                            const std::filesystem::path& base) {
  try {
    const auto [above, name] = parents_.open(source.path, destination, base);
    if (source.kind == io::FileKind::directory) walk(parents_.open_last(above, name, source.link));
    else put(above, name, source);
  } catch (const Error& error) {
    report_.failed(error, source.path, destination);
  }
  finish_directories();
}

void TreeCopier::walk(const TreeDirectoryPtr& root) {
  lock(*root);
  if (!root->above()) {
    root->job()->begin();
    const std::lock_guard lock{jobs_mutex_};
    jobs_.push_back(root->job());
  }
  TreeWalk{{.run = run_,
            .queue = queue_,
            .finished = directories_,
            .report = report_,
            .finish_directories = [this] { finish_directories(); },
            .most_directories = most_directories(),
            .stop = ending_.get_token()}}
      .walk(root);
}

void TreeCopier::put(const TreeDirectoryPtr& directory, const io::Name& name, const Operand& source) {
  ++run_.events.tree().found_files;
  TreeTask task{.directory = directory, .entry = {.name = name, .kind = source.kind}, .link = source.link};
  if (!queue_.put(std::move(task))) return;
  while (!directories_.wait_for_fewer(most_directories(), ending_.get_token())) finish_directories();
}

std::size_t TreeCopier::most_directories() const { return std::min(kMostDirectories, open_files_ / kShare); }

void TreeCopier::settle() {
  queue_.wait_until_done();
  finish_directories();
}

void TreeCopier::finish() {
  queue_.wait_until_done();
  given_.reset();
  parents_.close();
  finish_directories();
  queue_.close();
  threads_.clear();  // joins
  finish_directories();
  failure_.rethrow();
  sync_directories();
  remove_shared_sources();
  for (const auto& job : jobs_) {
    if (run_.stop.stop_requested() || run_.options.execution == Execution::dry) job->failed();
    job->end(run_.options.catalog);
  }
  if (run_.stop.stop_requested()) report_.stopped(destination_, run_.events.tree().done_bytes);
}

// --- small files and names

void TreeCopier::work() {
  const io::HugeBuffer memory{std::size_t{1} << 20U};
  const auto buffer = memory.bytes();
  while (auto work = queue_.next()) {
    // What is no Error ends the job, but others still wait for what this thread has.
    if (auto* const staged = std::get_if<Staged*>(&*work)) {
      failure_.guard([&] { prove(**staged, buffer); });
      queue_.proved();
    } else {
      failure_.guard([&] { begin(std::get<TreeTask>(*work), buffer); });
    }
  }
}

void TreeCopier::begin(const TreeTask& task, std::span<std::byte> buffer) {
  run_.events.tree().file.offer(task.directory->source().shown(), task.entry.name);
  try {
    if (auto staged = make(task, buffer)) {
      queue_.staged(std::move(staged));
      return;
    }
  } catch (const Error& error) {
    give_up(task, error);
  }
  queue_.ended();
}

/// What is left of a file where the disk and the source are as they should be. Null where the task has come to its
/// end, or is left to others.
std::unique_ptr<Staged> TreeCopier::make(const TreeTask& task, std::span<std::byte> buffer) {
  const TreeDirectory& directory = *task.directory;
  const Options& options = run_.options;
  const bool made = directory.origin() == Origin::made;
  const auto existing =
      made ? std::nullopt : io::find(*directory.destination().handle(), directory.name_of(task.entry.name));
  const bool linked = options.attributes.hard_links == HardLinks::preserve;
  const bool limited = options.min_bytes != 0 || options.max_bytes != Options{}.max_bytes;
  const bool regular = task.entry.kind == io::FileKind::regular;
  const bool dry = options.execution == Execution::dry;
  if (regular && !existing && !linked && !limited && !dry && options.make == Make::copy) {
    return make_file(task, existing, buffer);  // which looks at the source when it is open
  }
  const auto links = task.link == LinkUse::target ? io::Links::follow : io::Links::nofollow;
  const auto found = directory.source().handle()->stat(task.entry.name, links);
  if (found.error != 0) io::fail("stat", directory.source().shown() / task.entry.name, found.error);
  const io::Stat& source = found.value;
  if (source.kind == io::FileKind::regular &&
      (source.size_bytes < options.min_bytes || source.size_bytes > options.max_bytes)) {
    run_.events.emit(
        Notice{.path = directory.source().shown() / task.entry.name, .text = "left out because of its size"});
    ++run_.events.tree().done_files;
    queue_.done();
    return nullptr;
  }
  std::optional<CopiedName> copied;
  if (shares_names(source)) {
    LinkTable::Answer answer = links_.take_turn(source, task);
    if (answer.turn == LinkTable::Turn::wait) return nullptr;
    remove_leftover(run_, task, answer.turn);
    if (answer.turn == LinkTable::Turn::link) copied = std::move(answer.name);
  }
  if (existing) {
    const auto outcome = without_copying(task, source, *existing, copied);
    if (outcome) {
      Told what{.outcome = *outcome};
      if (*outcome == Outcome::up_to_date) {
        what.file_hash = copied ? copied->file_hash : hash_of_existing(run_, task, source, *existing, buffer);
      }
      told(task, source, what);
      return nullptr;
    }
  }
  if (dry) {
    told(task, source, {.outcome = Outcome::planned, .reason = existing ? "what is there differs" : "it is new"});
    return nullptr;
  }
  if (copied) return StagedName::link_to(run_, task, *copied, source);
  return make_anew(task, source, existing, buffer);
}

/// What becomes of a file of which something is there, where that is not to be replaced.
std::optional<Outcome> TreeCopier::without_copying(const TreeTask& task, const io::Stat& source,
                                                   const io::Stat& existing, const std::optional<CopiedName>& copied) {
  if (copied) {
    // One of which nobody knows whether it is durable is no reason to remove its source: it is made again.
    const bool durable = run_.options.sources == Sources::keep;
    if (durable && is_name_of(*copied, existing)) return Outcome::up_to_date;
    // As in cp, which replaces also what is newer then.
    const bool kept = run_.options.update != Update::older && keeps_existing(run_, task, source, existing);
    return kept ? std::optional{Outcome::kept} : std::nullopt;
  }
  if (keeps_existing(run_, task, source, existing)) return Outcome::kept;
  return is_up_to_date(run_, task, source, existing) ? std::optional{Outcome::up_to_date} : std::nullopt;
}

std::unique_ptr<Staged> TreeCopier::make_anew(const TreeTask& task, const io::Stat& source,
                                              const std::optional<io::Stat>& existing, std::span<std::byte> buffer) {
  const Options& options = run_.options;
  if (options.make == Make::hard_link || options.make == Make::symbolic_link) {
    return StagedName::to_source(run_, task, source);
  }
  if (!has_content(source, options)) return StagedName::another(run_, task);
  if (options.make == Make::copy) return make_file(task, existing, buffer);
  if (!existing || makes_new_file(options)) return StagedName::empty(run_, task);
  give_attributes(run_, task);
  told(task, source, {.outcome = Outcome::copied});
  return nullptr;
}

std::unique_ptr<Staged> TreeCopier::make_file(const TreeTask& task, const std::optional<io::Stat>& existing,
                                              std::span<std::byte> buffer) {
  const bool plain = !existing || existing->kind == io::FileKind::regular;
  if (plain && task.link == LinkUse::itself && can_be_batched(run_.options)) {
    try {
      if (auto staged = StagedFile::make(run_, task.directory, task.entry, existing, buffer)) return staged;
    } catch (const Error&) {
      // The transfer meets it again, and knows what to do and to say.
    }
  }
  leave_to_transfer(task);
  return nullptr;
}

void TreeCopier::prove(Staged& staged, std::span<std::byte> buffer) {
  if (staged.stage == Staged::Stage::given_up) return;
  try {
    if (staged.prove_and_publish(buffer)) {
      staged.stage = Staged::Stage::published;
      return;
    }
  } catch (const Error& error) {
    if (!staged.is_file()) {
      staged.stage = Staged::Stage::given_up;
      give_up(task_of(staged), error);
      return;
    }
    staged.discard();
  }
  staged.stage = Staged::Stage::given_up;
  leave_to_transfer(task_of(staged));
}

void TreeCopier::leave_to_transfer(const TreeTask& task) { queue_.put_slow(task); }

void TreeCopier::give_up(const TreeTask& task, const Error& error) {
  const TreeDirectory& directory = *task.directory;
  report_.failed(error, directory.source().shown() / task.entry.name,
                 directory.destination().shown() / directory.name_of(task.entry.name));
  directory.job()->failed();
  ++run_.events.tree().done_files;
  come_again(links_.failed(directory, task.entry.name));
  queue_.done();
}

void TreeCopier::told(const TreeTask& task, const io::Stat& source, const Told& what) {
  const TreeDirectory& directory = *task.directory;
  const std::filesystem::path destination = directory.destination().shown() / directory.name_of(task.entry.name);
  report_.finished({.source = directory.source().shown() / task.entry.name,
                    .destination = destination,
                    .named = destination,
                    .found = found_in(directory),
                    .outcome = what.outcome,
                    .total_bytes = has_content(source, run_.options) && run_.options.make == Make::copy ? source.size_bytes : 0,
                    .file_hash = what.file_hash,
                    .reason = what.reason});
  ++run_.events.tree().done_files;
  come_again(is_a_copy(what.outcome) ? links_.there(directory, task.entry.name, what.file_hash)
                                     : links_.failed(directory, task.entry.name));
  if (what.outcome == Outcome::up_to_date) remove_source(task, source);
  queue_.done();
}

// --- names of one file

bool TreeCopier::shares_names(const io::Stat& source) const {
  const bool several = source.links > 1 || run_.options.follow != Follow::none;  // a symlink is another name then
  return several && run_.options.attributes.hard_links == HardLinks::preserve &&
         run_.options.make != Make::hard_link && source.kind != io::FileKind::directory;
}

/// What is kept, as -n and -i do, is what it was, and other names are not linked to it; what is newer counts.
bool TreeCopier::is_a_copy(Outcome outcome) const {
  return outcome != Outcome::kept || run_.options.update == Update::older;
}

std::optional<io::Stat> TreeCopier::find_source(const TreeTask& task) const {
  const auto links = task.link == LinkUse::target ? io::Links::follow : io::Links::nofollow;
  const auto found = task.directory->source().handle()->stat(task.entry.name, links);
  return found.error == 0 ? std::optional{found.value} : std::nullopt;
}

void TreeCopier::come_again(std::vector<TreeTask> waiting) {
  const std::size_t tasks = waiting.size();
  for (TreeTask& task : waiting) queue_.again(std::move(task));
  queue_.done(tasks);
}

// --- large files

void TreeCopier::transfer() {
  while (const auto task = queue_.next_slow()) {
    transfer_one(*task);
    finish_directories();
  }
}

void TreeCopier::transfer_one(const TreeTask& task) {
  TreeRoute route{run_, task.directory, task.entry.name, task.link};
  const auto source = find_source(task);
  try {
    const FileSummary summary = transfer_file(run_, route);
    report_.count(summary);
    run_.events.tree().done_bytes += summary.total_bytes;
    const auto destination = io::find(*task.directory->destination().handle(),
                                      task.directory->name_of(task.entry.name));
    const bool there = summary.outcome != Outcome::kept && summary.outcome != Outcome::planned;
    if (source && destination && there) known(task, *source, *destination, summary, summary.destination);
    come_again(is_a_copy(summary.outcome) ? links_.there(*task.directory, task.entry.name, summary.file_hash)
                                          : links_.failed(*task.directory, task.entry.name));
  } catch (const Error& error) {
    report_.count(error);
    task.directory->job()->failed();
    come_again(links_.failed(*task.directory, task.entry.name));
  }
  ++run_.events.tree().done_files;
  queue_.done();
}

}  // namespace rcopy::engine
