// SPDX-License-Identifier: MIT
//
// How the two ends of one transfer are found: by the paths that the user named, or by their names in the open
// directories of a tree. Asked anew by each attempt. By one thread at a time.
#pragma once

#include "engine/place.hpp"
#include "engine/transfer.hpp"

#include <filesystem>
#include <optional>

namespace rcopy::engine {

class Route {
 public:
  virtual ~Route() = default;

  [[nodiscard]] virtual const std::filesystem::path& source() const = 0;  ///< as the user knows it, for messages
  [[nodiscard]] virtual const std::filesystem::path& destination() const = 0;  ///< likewise

  [[nodiscard]] virtual Found found() const { return Found::named; }

  /// After an attempt that failed: what was open may be on a device that was pulled, and is looked up anew.
  /// Throws Error (io).
  virtual void renew() = 0;

  /// See engine::open_source().
  [[nodiscard]] virtual Source open_source() const = 0;

  /// See engine::resolve_place().
  [[nodiscard]] virtual Place resolve_place(const Source& source) const = 0;

  /// What has the name of the source now, if anything.
  [[nodiscard]] virtual std::optional<io::Stat> find_source(const Source& source) const = 0;

  /// See engine::check_still_there().
  virtual void check_still_there(const Place& place) const = 0;
};

/// By path; symlinks on the way are followed.
class NamedRoute final : public Route {
 public:
  NamedRoute(const Run& run, std::filesystem::path source, std::filesystem::path destination)
      : run_{run}, source_{std::move(source)}, destination_{std::move(destination)} {}

  [[nodiscard]] const std::filesystem::path& source() const override { return source_; }
  [[nodiscard]] const std::filesystem::path& destination() const override { return destination_; }
  void renew() override {}
  [[nodiscard]] Source open_source() const override { return engine::open_source(run_.fs, source_); }
  [[nodiscard]] Place resolve_place(const Source& source) const override {
    return engine::resolve_place(run_.fs, {destination_, source_, run_.options, run_.target}, source);
  }
  [[nodiscard]] std::optional<io::Stat> find_source(const Source& source) const override {
    return io::find(run_.fs, source.path, io::Links::follow);
  }
  void check_still_there(const Place& place) const override { engine::check_still_there(run_.fs, place); }

 private:
  const Run& run_;
  std::filesystem::path source_;
  std::filesystem::path destination_;
};

}  // namespace rcopy::engine
