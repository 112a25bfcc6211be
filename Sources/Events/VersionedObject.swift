// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
  /// The object's data where it is a versioned object (`P_object.data` beside `P_object.name` or
  /// `P_object.version`), else the value itself.
  ///
  /// Data that is a versioned object itself is unwrapped too. A lone `P_object.data` is a tenant's own key and stays.
  package var unwrapped: JSONValue {
    var value = self
    while let data = value.versionedData { value = data }
    return value
  }

  /// The value without its versioned objects being unwrapped anywhere: what `@raw` shows.
  var raw: JSONValue {
    var value = self
    value.isRaw = true
    return value
  }

  /// Whether unwrapping changes anything in the value.
  var holdsVersionedObject: Bool {
    if versionedData != nil { return true }
    var found = false
    forEachChild { index, _ in
      found = child(index).holdsVersionedObject
      return !found
    }
    return found
  }

  private var versionedData: JSONValue? {
    guard !isRaw, kind == .object else { return nil }
    var data: JSONValue?
    // Looking for the companions costs a pass each: an object with thousands of such keys is none that a service made.
    var looks = 8
    forEachMember { key, _ in
      guard key.count > 12, key.ends(with: "_object.data") else { return true }
      looks -= 1
      if isAccompanied(key.prefix(key.count - 12).rebased) { data = member(key) }
      return data == nil && looks > 0
    }
    return data
  }

  private func isAccompanied(_ namespace: UnsafeBufferPointer<UInt8>) -> Bool {
    var found = false
    forEachMember { key, _ in
      guard key.count > namespace.count, key.prefix(namespace.count).rebased.equals(namespace) else {
        return true
      }
      let rest = key.dropFirst(namespace.count).rebased
      found = rest.equals("_object.name") || rest.equals("_object.version")
      return !found
    }
    return found
  }
}
