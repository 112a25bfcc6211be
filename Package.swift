// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let swift: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "onevent",
  products: [
    .executable(name: "onevent", targets: ["onevent"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // C libraries, each with exactly one importer.
    .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CLinux"),
    .target(
      name: "CSimdJSON",
      cxxSettings: [.unsafeFlags(["-fno-exceptions", "-fno-rtti"])],
      linkerSettings: [.linkedLibrary("simdjson")]
    ),

    // Foundations: know nothing of each other.
    .target(name: "ConfigText", dependencies: ["CLibYAML"], swiftSettings: swift),
    .target(name: "Events", dependencies: ["CSimdJSON", "CPCRE2", "CZlib"], swiftSettings: swift),

    // The parts: `AMQP` and `Scripts` do not know each other.
    .target(name: "AMQP", dependencies: ["CRabbitMQ", "COpenSSL", "CLinux"], swiftSettings: swift),
    .target(name: "Scripts", dependencies: ["Events", "CLinux"], swiftSettings: swift),
    .target(name: "Settings", dependencies: ["ConfigText", "Events", "AMQP"], swiftSettings: swift),

    // The daemon puts them together; the executable is its face.
    .target(
      name: "Daemon",
      dependencies: [
        "AMQP", "Events", "Scripts", "Settings", "CLinux", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift
    ),
    .executableTarget(
      name: "onevent",
      dependencies: ["Daemon", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: swift
    ),

    // Tests: one target per module, and the built binary against a real broker.
    .target(name: "BrokerFixture", path: "Tests/BrokerFixture", swiftSettings: swift),
    .testTarget(name: "ConfigTextTests", dependencies: ["ConfigText"], swiftSettings: swift),
    .testTarget(name: "EventsTests", dependencies: ["Events"], swiftSettings: swift),
    .testTarget(
      name: "AMQPTests", dependencies: ["AMQP", "BrokerFixture"], exclude: ["fake_broker.py"], swiftSettings: swift),
    .testTarget(name: "ScriptsTests", dependencies: ["Scripts"], swiftSettings: swift),
    .testTarget(name: "SettingsTests", dependencies: ["Settings"], swiftSettings: swift),
    .testTarget(name: "DaemonTests", dependencies: ["Daemon"], swiftSettings: swift),
    .testTarget(
      name: "EndToEndTests", dependencies: ["AMQP", "BrokerFixture", "onevent"], swiftSettings: swift),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
