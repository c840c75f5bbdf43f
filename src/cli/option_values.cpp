// SPDX-License-Identifier: MIT
#include "cli/option_values.hpp"

namespace rcopy::cli {

Backup parse_backup(const char* option, const std::string& value) {
  return choose<Backup>(option, value,
                        {{"none", Backup::none},
                         {"off", Backup::none},
                         {"simple", Backup::simple},
                         {"never", Backup::simple},
                         {"numbered", Backup::numbered},
                         {"t", Backup::numbered},
                         {"existing", Backup::existing},
                         {"nil", Backup::existing}});
}

}  // namespace rcopy::cli
