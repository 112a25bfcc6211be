// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// One address of a broker.
struct SocketAddress: Sendable {
  var storage: sockaddr_storage
  var length: socklen_t
  /// By number, as librabbitmq is given it: it then resolves nothing itself.
  var text: String
}

/// Finds the addresses of a broker within a limit, which getaddrinfo(3) does not have.
enum NameResolution {
  /// Looks a name up on a thread of its own; one that answers late is left to end by itself.
  static func addresses(
    of host: BrokerAddress.Host, until deadline: Instant, interrupter: Interrupter
  ) throws(AMQPError) -> [SocketAddress] {
    // Numbers need no thread: nothing is asked of anybody.
    if case .success(let addresses) = lookUp(host, flags: AI_NUMERICHOST | AI_NUMERICSERV) { return addresses }

    let answer = Answer()
    let status = ServiceThread.start(named: "onevent-resolve") {
      answer.give(lookUp(host, flags: AI_NUMERICSERV))
    }
    guard status == 0 else {
      throw .nameResolution(host: host.name, reason: "no thread for it: \(describe(errno: status))")
    }
    switch Poll.wait(answer.given.descriptor, interrupter.event.descriptor, until: deadline) {
    case .first: break
    case .second: throw .interrupted
    case .neither: throw .nameResolution(host: host.name, reason: "no answer in time")
    }
    switch answer.taken() {
    case .success(let addresses): return addresses
    case .failure(let refusal): throw .nameResolution(host: host.name, reason: refusal.words)
    }
  }

  private struct Refusal: Error {
    var words: String
  }

  /// Carries the answer from the asking thread to the waiting one.
  private final class Answer: Sendable {
    let given = EventDescriptor()
    private let result = Mutex<Result<[SocketAddress], Refusal>>(.failure(Refusal(words: "no answer")))

    func give(_ answer: Result<[SocketAddress], Refusal>) {
      result.withLock { $0 = answer }
      given.signal()
    }

    func taken() -> Result<[SocketAddress], Refusal> { result.withLock { $0 } }
  }

  private static func lookUp(_ host: BrokerAddress.Host, flags: Int32) -> Result<[SocketAddress], Refusal> {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = flags
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host.name, String(host.port), &hints, &list)
    guard status == 0 else { return .failure(Refusal(words: String(cString: gai_strerror(status)))) }
    defer { freeaddrinfo(list) }

    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ai_next
      guard let address = SocketAddress(entry) else { continue }
      addresses.append(address)
    }
    return addresses.isEmpty ? .failure(Refusal(words: "the name has no address")) : .success(addresses)
  }
}

extension SocketAddress {
  fileprivate init?(_ entry: addrinfo) {
    guard let address = entry.ai_addr, Int(entry.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size else { return nil }
    storage = sockaddr_storage()
    length = entry.ai_addrlen
    withUnsafeMutableBytes(of: &storage) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
    }
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(address, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else { return nil }
    text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
