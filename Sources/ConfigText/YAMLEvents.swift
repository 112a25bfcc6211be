// SPDX-License-Identifier: Apache-2.0

import CLibYAML

/// One step of a YAML stream.
struct YAMLEvent {
  enum Kind {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(String, YAMLScalarStyle)
    case listStart, listEnd, mapStart, mapEnd
  }

  var kind: Kind
  /// The name that `&` gives the node.
  var anchor: String?
  /// The tag that `!` gives the node, as libyaml resolves it.
  var tag: String?
  /// Where the node begins, anchor and tag included, as the number of a scalar in the text.
  var offset: Int
}

enum YAMLScalarStyle: Sendable, Equatable { case plain, singleQuoted, doubleQuoted, literal, folded }

/// The events of a YAML text, by libyaml.
///
/// Owns the parser and the bytes that it reads; both stand on the heap, because the parser keeps its own address
/// (`read_handler_data`) and the input's.
struct YAMLEvents: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>

  /// Creates the stream of events of a UTF-8 text; nil when there is no memory for it.
  init?(_ text: [UInt8]) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      return nil
    }
    self.parser = parser
    input = .allocate(capacity: text.count)
    _ = input.initialize(from: text)
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  /// Returns the next event; after the end of the stream there must be no further call.
  mutating func next(in source: SourceText) throws(ConfigProblem) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw problem(in: source) }
    defer { yaml_event_delete(&event) }
    return YAMLEvent(event)
  }

  /// What libyaml says went wrong, as a sentence.
  private func problem(in source: SourceText) -> ConfigProblem {
    let state = parser.pointee
    let words = state.problem.map { String(cString: $0) } ?? "there was not enough memory to read it"
    var message = "This is not valid YAML: \(words)"
    if state.error == YAML_READER_ERROR {
      let code = state.problem_value > 0 ? " (U+\(String(state.problem_value, radix: 16, uppercase: true)))" : ""
      return ConfigProblem(position: source.position(atUTF8: state.problem_offset), message: message + code + ".")
    }
    if let context = state.context {
      let place = source.position(at: Int(clamping: state.context_mark.index))
      message += ", \(String(cString: context)) (line \(place.line), column \(place.column))"
    }
    let offset = Int(clamping: state.problem_mark.index)
    if source.scalars.indices.contains(offset), source.scalars[offset] == "\t" {
      message += ". A tab cannot indent: use spaces"
    }
    return ConfigProblem(position: source.position(at: offset), message: message + ".")
  }
}

extension YAMLEvent {
  fileprivate init(_ event: yaml_event_t) {
    offset = Int(clamping: event.start_mark.index)
    switch event.type {
    case YAML_STREAM_START_EVENT: kind = .streamStart
    case YAML_DOCUMENT_START_EVENT: kind = .documentStart
    case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
    case YAML_ALIAS_EVENT:
      kind = .alias(Self.string(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      kind = .scalar(String(decoding: bytes, as: UTF8.self), YAMLScalarStyle(scalar.style))
      anchor = Self.string(scalar.anchor)
      tag = Self.string(scalar.tag)
    case YAML_SEQUENCE_START_EVENT:
      kind = .listStart
      anchor = Self.string(event.data.sequence_start.anchor)
      tag = Self.string(event.data.sequence_start.tag)
    case YAML_SEQUENCE_END_EVENT: kind = .listEnd
    case YAML_MAPPING_START_EVENT:
      kind = .mapStart
      anchor = Self.string(event.data.mapping_start.anchor)
      tag = Self.string(event.data.mapping_start.tag)
    case YAML_MAPPING_END_EVENT: kind = .mapEnd
    default: kind = .streamEnd
    }
  }

  private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(cString: $0) }
  }
}

extension YAMLScalarStyle {
  fileprivate init(_ style: yaml_scalar_style_t) {
    switch style {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: self = .singleQuoted
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: self = .doubleQuoted
    case YAML_LITERAL_SCALAR_STYLE: self = .literal
    case YAML_FOLDED_SCALAR_STYLE: self = .folded
    default: self = .plain
    }
  }
}
