// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Scripts

@Suite struct ProgramFileTests {
  @Test(
    "The interpreter is read as the kernel reads it",
    arguments: [
      ("#!/bin/sh\necho", "/bin/sh", true),
      ("#!/bin/sh", "/bin/sh", true),
      ("#! \t/bin/sh -e -u\n", "/bin/sh", true),
      ("#!/usr/bin/env python3\r\n", "/usr/bin/env", true),
      ("#!/bin/sh\r\necho", "/bin/sh\r", true),
      ("#!\n", "", true),
      ("#!", "", true),
      ("#!/" + String(repeating: "x", count: 300), "/" + String(repeating: "x", count: 252), false),
      ("#!/bin/sh " + String(repeating: "x", count: 300), "/bin/sh", true),
    ])
  func interpreterLine(text: String, interpreter: String, isComplete: Bool) throws {
    let line = try #require(InterpreterLine(beginning: Array(text.utf8)))
    #expect(line.interpreter == interpreter)
    #expect(line.isComplete == isComplete)
  }

  @Test("The header of this machine's programs names their loader")
  func ownProgram() throws {
    guard case .program(let header) = ProgramFile(contentsOf: "/bin/ls") else {
      Issue.record("/bin/ls is not a program")
      return
    }
    #expect(header.isForThisMachine)
    let loader = try #require(header.loader)
    #expect(FileManager.default.fileExists(atPath: loader))
  }

  @Test("No beginning of a program, and no single wrong byte in it, is too much")
  func damagedPrograms() throws {
    let data = try #require(FileManager.default.contents(atPath: "/bin/ls"))
    let bytes = Array(data.prefix(1_024))
    for count in 0...bytes.count { _ = ProgramFile(beginning: Array(bytes[..<count])) }
    for place in 0..<bytes.count {
      var damaged = bytes
      damaged[place] = 0xFF
      _ = ProgramFile(beginning: damaged)
    }
    #expect(ProgramFile(beginning: []) == .other("is empty"))
  }

  @Test(
    "The session is read behind any process name, and not of zombies",
    arguments: [
      ("12 (sh) S 1 9 34 0", 34), ("12 (a) Z (b) ) R 1 9 77 0", 77), ("12 (sh) Z 1 34 34 0", nil), ("", nil),
      ("12 (sh", nil), ("12 (sh) S 1", nil),
    ] as [(String, pid_t?)])
  func session(beginning: String, session: pid_t?) {
    let line = beginning + " -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 8154711 2502656 220"
    let status = ProcessFacts.status(in: Array(line.utf8))
    #expect(status.flatMap { $0.isAlive ? $0.session : nil } == session)
    #expect(status.map { $0.start == 8_154_711 } ?? true)
  }
}
