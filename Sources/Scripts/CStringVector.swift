// SPDX-License-Identifier: Apache-2.0

/// Owns what execve(2) takes as `argv` or `envp`: pointers to C strings, ended by a null pointer.
///
/// Strings and pointers share one allocation. The strings must not hold a NUL byte.
struct CStringVector: ~Copyable {
  /// The vector, valid as long as the owner lives.
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  init(_ strings: [[UInt8]]) {
    let pointerSpace = (strings.count + 1) * MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
    let space = strings.reduce(pointerSpace) { $0 + $1.count + 1 }
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: space, alignment: MemoryLayout<UnsafeMutablePointer<CChar>?>.alignment)
    pointers = memory.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: strings.count + 1)

    var text = (memory + pointerSpace).bindMemory(to: CChar.self, capacity: space - pointerSpace)
    for (index, string) in strings.enumerated() {
      (pointers + index).initialize(to: text)
      string.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return }
        UnsafeMutableRawPointer(text).copyMemory(from: start, byteCount: bytes.count)
      }
      text[string.count] = 0
      text += string.count + 1
    }
    (pointers + strings.count).initialize(to: nil)
  }

  deinit { UnsafeMutableRawPointer(pointers).deallocate() }
}
