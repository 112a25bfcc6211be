// SPDX-License-Identifier: Apache-2.0

import Settings
import WebAPI

extension APISettings {
  /// The tokens, as the doors know them.
  var accessTokens: [AccessToken] {
    tokens.compactMap { token in
      WebAPI.Role(rawValue: token.role.rawValue).map { AccessToken(name: token.name, role: $0, digest: token.digest) }
    }
  }
}
