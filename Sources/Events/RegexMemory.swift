// SPDX-License-Identifier: Apache-2.0

import CPCRE2

/// The memory that matching needs, and the bounds that it keeps.
///
/// Owned by one thread.
///
/// The texts that are matched are chosen by tenants, so three bounds hold for each match:
/// - `matchLimit` steps of PCRE2's backtracking, 100 000 by the configuration reference: 0.8 ms;
/// - `heapLimit` for what backtracking remembers;
/// - `workLimit` bytes run over. PCRE2 counts a step once, however much text `\s*` runs over within it, so that
///   `.*\s*x` on a megabyte of spaces would take minutes within the match limit. The translator therefore puts a
///   callout behind every repeated character, and the callout adds up how far the position moved.
final class RegexMemory {
  static let matchLimit: UInt32 = 100_000
  /// In KiB.
  static let heapLimit: UInt32 = 8192
  /// About 5 ms.
  static let workLimit = 8_000_000

  /// How many matches were given up at a bound.
  private(set) var limitHits = 0

  private let data: OpaquePointer?
  private let context: OpaquePointer?
  private let progress: UnsafeMutablePointer<Progress>

  private struct Progress {
    var position = 0
    var work = 0
  }

  init() {
    // One pair of offsets: only whether it matches is asked.
    data = pcre2_match_data_create_8(1, nil)
    context = pcre2_match_context_create_8(nil)
    progress = .allocate(capacity: 1)
    progress.initialize(to: Progress())
    pcre2_set_match_limit_8(context, Self.matchLimit)
    // The interpreter nests no deeper than it takes steps, so this adds no bound; it keeps the library's
    // default, which may be any number, from being one.
    pcre2_set_depth_limit_8(context, Self.matchLimit)
    pcre2_set_heap_limit_8(context, Self.heapLimit)
    pcre2_set_callout_8(
      context,
      { block, progress in
        guard let block, let progress else { return 0 }
        let position = block.pointee.current_position
        let done = progress.assumingMemoryBound(to: Progress.self)
        done.pointee.work += abs(position - done.pointee.position)
        done.pointee.position = position
        return done.pointee.work > RegexMemory.workLimit ? PCRE2_ERROR_MATCHLIMIT : 0
      },
      progress)
  }

  deinit {
    pcre2_match_context_free_8(context)
    pcre2_match_data_free_8(data)
    progress.deallocate()
  }

  func match(_ code: RegexCode, _ subject: UnsafeBufferPointer<UInt8>) -> PythonRegex.Answer {
    progress.pointee = Progress()
    // The subject's UTF-8 is checked each time, though decoding has checked it: without, a fault elsewhere
    // would be undefined behaviour here, and the check is a small part of the match.
    let result = withExtendedLifetime(code) {
      withUnsafePointer(to: 0 as UInt8) { nothing in
        pcre2_match_8(code.pointer, subject.baseAddress ?? nothing, subject.count, 0, 0, data, context)
      }
    }
    if result >= 0 { return .matched }
    switch result {
    case PCRE2_ERROR_NOMATCH:
      return .notMatched
    case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT, PCRE2_ERROR_NOMEMORY,
      PCRE2_ERROR_NULL:
      limitHits += 1
      return .limitHit
    default:
      // A text that is not UTF-8: no expression describes it.
      return .notMatched
    }
  }
}
