// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProgramFixture
import Testing

@testable import WebAPI

@Suite struct PageTests {
  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Sources/CPage/files").standardizedFileURL

  @Test("every file of the page is inside the program, as it lies in the sources, and nothing else is")
  func whole() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path).sorted()
    #expect(names == PageAnswers.shipped.files.keys.sorted())
    for name in names {
      let written = try Array(Data(contentsOf: Self.sources.appendingPathComponent(name)))
      #expect(PageAnswers.shipped.files[name]?.bytes == written, "\(name) was changed and is not built in")
    }
  }

  @Test("what a file names is there: scripts, styles, icons, and each other")
  func references() throws {
    let files = PageAnswers.shipped.files
    let names = #/(?:"/assets/|from '\./)([a-z.-]+)["']/#
    var count = 0
    for (name, file) in files {
      for match in String(decoding: file.bytes, as: UTF8.self).matches(of: names) {
        #expect(files[String(match.1)] != nil, "\(name) names \(match.1)")
        count += 1
      }
    }
    #expect(count > 40)
  }

  @Test("files come with their type, a policy that lets nothing in, and a tag that spares a second transfer")
  func answers() async throws {
    try await ServerScene.with { scene in
      for (path, type) in [
        ("/", "text/html; charset=utf-8"), ("/assets/main.js", "text/javascript; charset=utf-8"),
        ("/assets/page.css", "text/css; charset=utf-8"), ("/assets/icon.svg", "image/svg+xml"),
      ] {
        let answer = try await scene.curl("http://localhost\(path)").outputText
        #expect(answer.contains("HTTP/1.1 200"), "\(path)")
        #expect(answer.lowercased().contains("content-type: \(type)\r\n"), "\(path)")
        #expect(answer.contains("Content-Security-Policy: \(PageAnswers.policy)\r\n"), "\(path)")
        #expect(answer.contains("Cache-Control: no-cache\r\n"), "\(path)")
        let tag = try #require(answer.firstMatch(of: #/ETag: ("[0-9a-f]{32}")\r\n/#)?.1)
        let again = try await scene.curl("--header", "If-None-Match: \(tag)", "http://localhost\(path)").outputText
        #expect(again.contains("HTTP/1.1 304"), "\(path)")
        #expect(again.hasSuffix("\r\n\r\n"), "\(path)")
      }
    }
  }

  @Test(
    "no other path leads to a file",
    arguments: [
      "/assets/", "/assets/absent.js", "/assets/../main.js", "/assets/%2e%2e%2fmain.js",
      "/assets/..%2f..%2fetc%2fpasswd",
      "/assets//etc/passwd", "/assets/main.js/", "/assets/main.js%00.css", "/main.js", "/index.html",
    ])
  func elsewhere(_ path: String) async throws {
    try await ServerScene.with { scene in
      let answer = try await scene.curl("--path-as-is", "http://localhost\(path)").outputText
      let isRefused = answer.contains("HTTP/1.1 404") || answer.contains("HTTP/1.1 400")
      // The router sees one path with and without a last slash.
      #expect(isRefused || (path == "/assets/main.js/" && answer.contains("text/javascript")), "\(answer.prefix(200))")
    }
  }
}
