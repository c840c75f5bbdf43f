// SPDX-License-Identifier: MIT
#include "engine/publish.hpp"

#include "engine/attributes.hpp"
#include "engine/backup.hpp"

namespace rcopy::engine {

void rename_partial(const Place& place, const Options& options) {
  constexpr const char* kOperation = "rename the finished copy to";
  const bool keeps = options.update != Update::all || options.ask != Ask::never;
  if (keeps && !place.existing) io::rename_new(*place.directory, place.partial_name, place.name, kOperation);
  else io::rename(*place.directory, place.partial_name, place.name, kOperation);
}

void publish(io::FileSystem& fs, const Route& route, const Place& place, Partial& partial, const Source& source,
             const Options& options, EventSink& events) {
  // Those of a device's node are none of the copy's.
  if (!place.on_device) set_attributes(fs, partial.file(), place, source, options, events);
  io::sync_all(partial.file());
  partial.check_named("publish");
  route.check_still_there(place);
  if (place.writing == Writing::in_place) return;
  const auto moved = keep_backup(place, options);
  try {
    if (options.backup != Backup::none) io::sync(*place.directory);  // lest a power cut keeps only the next rename
    rename_partial(place, options);
  } catch (const Error&) {
    if (moved) {
      // Nothing that has the name by now is replaced: it may even be the copy, of which only the answer was lost.
      io::rename_new(*place.directory, *moved, place.name, "give the old file back its name");
      io::sync(*place.directory);  // the other rename may be durable already
    }
    throw;
  }
  finish_publish(place);
  route.check_still_there(place);  // success says that the copy is found under its name
}

void finish_publish(const Place& place) { io::sync(*place.directory); }

}  // namespace rcopy::engine
