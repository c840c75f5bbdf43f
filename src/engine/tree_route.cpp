// SPDX-License-Identifier: MIT
#include "engine/tree_route.hpp"

#include "engine/identity.hpp"

#include <utility>

namespace rcopy::engine {

Source source_in(const TreeDirectory& directory, const io::Name& name, io::OpenMode mode) {
  Source source;
  source.directory = directory.source().handle();
  source.path = source.directory->path() / name;
  source.file = io::open(*source.directory, name, mode);
  source.stat = io::stat(*source.file);
  source.fs = directory.source().volume().fs;
  source.mount = directory.source().volume().mount;
  return source;
}

Source source_behind(io::FileSystem& fs, const TreeDirectory& directory, const io::Name& name, io::OpenMode mode) {
  Source source;
  source.path = io::resolve(fs, directory.source().handle()->path() / name);
  source.directory = io::open_directory(fs, source.path.parent_path(), io::DirectoryUse::look_up);
  source.file = io::open(*source.directory, source.path.filename(), mode);
  source.stat = io::stat(*source.file);
  source.fs = io::file_system(*source.directory);
  return source;
}

Place place_in(const TreeDirectory& directory, const io::Name& source) {
  const io::Name& name = directory.name_of(source);
  Place place;
  place.directory = directory.destination().handle();
  place.named = directory.destination().shown() / name;
  place.name = name;
  place.partial_name = partial_name_for(name);
  place.in_new_directory = directory.origin() == Origin::made;
  place.gets_acl = directory.new_acl() == NewAcl::inherited;
  place.fs = directory.destination().volume().fs;
  place.mount = directory.destination().volume().mount;
  return place;
}

TreeRoute::TreeRoute(const Run& run, TreeDirectoryPtr directory, const io::Name& name, LinkUse link)
    : run_{run},
      directory_{std::move(directory)},
      name_{name},
      link_{link},
      source_{directory_->source().shown() / name},
      destination_{directory_->destination().shown() / directory_->name_of(name)} {}

Source TreeRoute::open_source() const {
  // What a symlink leads to has a path of its own.
  if (link_ == LinkUse::target) return engine::open_source(run_.fs, directory_->source().handle()->path() / name_);
  check_can_be_copied(*directory_->source().handle(), name_);
  return source_in(*directory_, name_, io::OpenMode::source);
}

Place TreeRoute::resolve_place(const Source& source) const {
  directory_->sync_name();  // what will be durable in it is to be found
  Place place = place_in(*directory_, name_);
  const auto found = io::find(*place.directory, place.name);
  // As in cp, one that is there is written through.
  if (found && found->kind == io::FileKind::symlink && !makes_new_file(run_.options)) {
    Place through = engine::resolve_place(run_.fs, {place.path(), source_, run_.options, Target::file}, source);
    through.named = destination_;
    return through;
  }
  look_at(run_.fs, place, {destination_, source_, run_.options, Target::file}, source);
  return place;
}

std::optional<io::Stat> TreeRoute::find_source(const Source& source) const {
  if (link_ == LinkUse::target) return io::find(run_.fs, source.path, io::Links::follow);
  return io::find(*source.directory, name_);
}

void TreeRoute::check_still_there(const Place& place) const {
  const bool inside = place.directory->path() == directory_->destination().handle()->path();
  if (inside) directory_->check_still_there(run_.fs);
  else engine::check_still_there(run_.fs, place);
}

}  // namespace rcopy::engine
