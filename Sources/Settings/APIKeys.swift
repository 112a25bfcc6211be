// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// The keys of `[api]`.
enum APIKeys {
  static let socket = Key(
    "socket", .socket,
    defaultText: "\(StateLocations.systemSocket), and for users other than root $XDG_RUNTIME_DIR/onevent.sock",
    in: .api, summary: "The Unix socket by which commands reach the daemon; with `none` they cannot.")
  static let socketGroup = Key(
    "socket_group", .text("the name of a group"), defaultText: "onevent, where there is such a group", in: .api,
    summary: "The group whose members may use the socket, and so publish and operate.")

  static let descriptions = [socket.description, socketGroup.description] + PortKeys.descriptions

  /// The settings of the section; without a socket of its own, one is found for a journal.
  ///
  /// What is wrong with that one is told at `place`.
  static func read(
    _ section: Section, _ locations: StateLocations, journal: String, place: SourcePosition, isDaemon: Bool = false,
    _ report: Report
  ) -> APISettings {
    var settings = APISettings()
    settings.socketGroup = section.value(socketGroup, report)
    PortKeys.read(section, environment: locations.environment, isDaemon: isDaemon, into: &settings, report)
    switch section.value(socket, report) {
    case .off: settings.socket = nil
    case .path(let path): settings.socket = path
    case nil:
      let path = locations.socket(journal: journal)
      settings.socket = path
      // A socket that could not be read was told already.
      if section.setting("socket") == nil, path.utf8.count > StateLocations.longestSocket {
        report.problem(
          at: place,
          "the socket for commands would be \(shortened(path)), \(SocketPlace.excess(path)); write a shorter one into "
            + "[api], 'socket = FILE', or 'socket = none'")
      }
    }
    return settings
  }
}

/// Where the socket is, if there is one.
enum SocketPlace: Sendable, Equatable {
  case off
  case path(String)

  /// How a path is too long, in words that go on behind it.
  static func excess(_ path: String) -> String {
    "\(path.utf8.count) bytes, and the path of a Unix socket has at most \(StateLocations.longestSocket)"
  }
}

extension ValueType where Value == SocketPlace {
  /// A path that the kernel takes for a socket, or `none`; a relative one counts from its file's directory.
  static let socket = ValueType(
    expected: "a file, of at most \(StateLocations.longestSocket) bytes with its directories, or none",
    text: { place in
      switch place {
      case .off: "none"
      case .path(let path): path
      }
    },
    read: { setting, report in
      guard let found = setting.single(report) else { return nil }
      guard !found.isEmpty else {
        report.problem(at: found.position, "'\(setting.key)' is empty; expected a file, or none")
        return nil
      }
      guard found.text != "none" else { return .off }
      let path = FilePath.absolute(found.text, in: setting.directory)
      guard path.utf8.count <= StateLocations.longestSocket else {
        report.problem(
          at: found.position,
          "'\(setting.key)' is \(shortened(path)), \(SocketPlace.excess(path)); choose a shorter one")
        return nil
      }
      return .path(path)
    })
}
