// SPDX-License-Identifier: MIT
#include "cli/option_values.hpp"

namespace rcopy::cli {

const Choices<Backup>& backup_choices() {
  static const Choices<Backup> choices{{"none", Backup::none},
                                       {"off", Backup::none},
                                       {"simple", Backup::simple},
                                       {"never", Backup::simple},
                                       {"numbered", Backup::numbered},
                                       {"t", Backup::numbered},
                                       {"existing", Backup::existing},
                                       {"nil", Backup::existing}};
  return choices;
}

Backup parse_backup(const char* option, const std::string& value) {
  return choose<Backup>(option, value, backup_choices());
}

}  // namespace rcopy::cli
