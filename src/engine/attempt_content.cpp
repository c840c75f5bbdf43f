// SPDX-License-Identifier: MIT
//
// The hash of the whole content, where somebody asks for it: a manifest, or the user who knows what it must be.
#include "engine/attempt.hpp"

#include "base/text.hpp"
#include "engine/content_hash.hpp"
#include "engine/limits.hpp"
#include "io/memory.hpp"

#include <string>
#include <utility>

namespace rcopy::engine {

/// Of a clone that an earlier run did not read.
void Attempt::know_hash() {
  if (!wants_hashes(run_.options) || ledger_.row().file_hash) return;
  phase(Phase::checking);
  const io::HugeBuffer memory{kBlockBytes};
  const FileName name{*place_->directory, is_published() ? place_->name : place_->partial_name};
  ledger_.know(hash_content(run_, name, memory.bytes()));
}

/// No other attempt can do better: what was copied is of no use.
void Attempt::check_expected() {
  const auto& expected = run_.options.expected_hash;
  if (!expected || !wants_hashes(run_.options)) return;
  if (!ledger_.row().file_hash) return;  // of a clone, which is known before it is published
  const std::string found = ledger_.row().file_hash->hex();
  if (found == *expected) return;
  std::string reason = "its hash is " + found + ", and " + *expected + " is expected";
  if (is_published()) reason += "; " + base::quoted(place_->path()) + " is an earlier copy of it and stays as it is";
  const Error error{{.code = ErrorCode::unexpected_content,
                     .operation = "copy",
                     .path = route_.source(),
                     .reason = std::move(reason)}};
  if (!is_published()) {
    // The claims first, so that none outlives its bytes.
    ledger_.reset(journal::Status::failed, error.what());
    partial_->remove();
  }
  throw error;
}

}  // namespace rcopy::engine
