// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
  /// The object's data where it is a versioned object (`P_object.data` beside `P_object.name` or
  /// `P_object.version`), else the value itself.
  ///
  /// Data that is a versioned object itself is unwrapped too. A lone `P_object.data` is a tenant's own key and stays.
  package var unwrapped: JSONValue {
    guard !isRaw else { return self }
    let data = document.tape.unwrapped(index)
    return data == index ? self : child(data)
  }

  /// The value without its versioned objects being unwrapped anywhere: what `@raw` shows.
  var raw: JSONValue {
    var value = self
    value.isRaw = true
    return value
  }

  /// Whether unwrapping changes anything in the value.
  var holdsVersionedObject: Bool {
    guard !isRaw else { return false }
    if document.tape.versionedData(of: index) != nil { return true }
    var found = false
    forEachChild { index, _ in
      found = child(index).holdsVersionedObject
      return !found
    }
    return found
  }
}
