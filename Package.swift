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
    .executable(name: "onevent", targets: ["onevent"]),
    .executable(name: "run-as", targets: ["run-as"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
  ],
  targets: [
    // C libraries, each with exactly one importer.
    .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CLinux"),
    .target(name: "CRunAs"),
    // The page that the daemon serves: HTML, style and scripts as they are written, inside the program.
    .target(name: "CPage", exclude: ["files"], cSettings: [.unsafeFlags(["-std=c23"])]),
    .target(
      name: "CSimdJSON",
      cxxSettings: [
        .unsafeFlags(["-fno-exceptions", "-fno-rtti"]),
        .define("NDEBUG", .when(configuration: .release)),
        // Unoptimised, the library is a hundred times slower; its own checks stay on in debug builds.
        .unsafeFlags(["-O2"], .when(configuration: .debug)),
        .define("SIMDJSON_DEVELOPMENT_CHECKS", to: "1", .when(configuration: .debug)),
      ],
      linkerSettings: [.linkedLibrary("simdjson")]
    ),

    // Foundations: know nothing of each other.
    .target(name: "ConfigText", dependencies: ["CLibYAML"], swiftSettings: swift),
    .target(name: "Trust", swiftSettings: swift),
    .target(name: "Events", dependencies: ["CSimdJSON", "CPCRE2", "CZlib", "CCrypto"], swiftSettings: swift),

    // The parts: `AMQP`, `Scripts` and `Journal` do not know each other.
    .target(name: "AMQP", dependencies: ["CRabbitMQ", "COpenSSL"], swiftSettings: swift),
    .target(name: "Scripts", dependencies: ["Events", "Trust", "CLinux", "CRunAs"], swiftSettings: swift),
    .target(name: "Journal", dependencies: ["CSQLite", "CLinux"], swiftSettings: swift),
    .target(
      name: "WebAPI",
      dependencies: [
        "ConfigText", "CPage", "Events", "Journal",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("OpenAPI/openapi.json")],
      swiftSettings: swift
    ),
    .target(name: "Settings", dependencies: ["ConfigText", "Events", "Trust", "AMQP", "CLinux"], swiftSettings: swift),

    // The daemon puts them together; the executable is its face.
    .target(
      name: "Daemon",
      dependencies: [
        "AMQP", "CLinux", "Events", "Journal", "Scripts", "Settings", "WebAPI",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift
    ),
    .executableTarget(
      name: "onevent",
      dependencies: [
        "AMQP", "ConfigText", "Daemon", "Events", "Journal", "Settings", "WebAPI",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift
    ),

    // Becomes what a script is to run as: C, because it stands between fork and exec. A static program, position
    // independent in releases, without Swift's runtime, which the driver links otherwise: nothing is loaded into it.
    .executableTarget(
      name: "run-as", dependencies: ["CRunAs"], path: "Sources/RunAs",
      cSettings: [.unsafeFlags(["-std=c11", "-Wall", "-Wextra"])],
      linkerSettings: [
        .unsafeFlags(["-static-executable", "-nostartfiles"]),
        .unsafeFlags(["-use-ld=lld", "-Xclang-linker", "-static-pie"], .when(configuration: .release)),
      ]),

    // A million events and all that can be asked of them; see scripts/query-load.
    .executableTarget(
      name: "query-load", dependencies: ["Events", "Journal", "WebAPI"], path: "Tests/QueryLoad", swiftSettings: swift),

    // What an event costs, in instructions and allocations; see scripts/cost-gate.
    .executableTarget(
      name: "matching-cost", dependencies: ["CostCounting", "Events", "Journal"], path: "Tests/MatchingCost",
      exclude: ["Counting", "recorded"], swiftSettings: swift),
    .target(
      name: "CostCounting", path: "Tests/MatchingCost/Counting",
      cxxSettings: [.unsafeFlags(["-fno-exceptions", "-fno-rtti"])], linkerSettings: [.linkedLibrary("simdjson")]),

    // Tests: one target per module, and the built binary against a real broker.
    .target(name: "ProgramFixture", dependencies: ["CLinux"], path: "Tests/ProgramFixture", swiftSettings: swift),
    .target(
      name: "BrokerFixture", dependencies: ["CRabbitMQ", "ProgramFixture"], path: "Tests/BrokerFixture",
      swiftSettings: swift),
    .target(name: "MetricsFixture", path: "Tests/MetricsFixture", swiftSettings: swift),
    .testTarget(
      name: "ConfigTextTests", dependencies: ["ConfigText", "ProgramFixture"], exclude: ["configparser_oracle.py"],
      swiftSettings: swift),
    .testTarget(name: "TrustTests", dependencies: ["Trust", "ProgramFixture"], swiftSettings: swift),
    .testTarget(name: "EventsTests", dependencies: ["Events", "ProgramFixture"], swiftSettings: swift),
    .testTarget(
      name: "AMQPTests", dependencies: ["AMQP", "BrokerFixture", "ProgramFixture"], exclude: ["fake_broker.py"],
      swiftSettings: swift),
    .testTarget(
      name: "JournalTests", dependencies: ["CSQLite", "Journal", "ProgramFixture"], exclude: ["PowerCut"],
      swiftSettings: swift),
    .testTarget(
      name: "ScriptsTests", dependencies: ["Scripts", "Events", "CLinux", "CRunAs", "ProgramFixture"],
      swiftSettings: swift),
    .testTarget(
      name: "SettingsTests", dependencies: ["Settings", "AMQP", "ConfigText", "Events"], swiftSettings: swift),
    .testTarget(
      name: "DaemonTests",
      dependencies: [
        "AMQP", "CLinux", "Daemon", "Events", "Journal", "MetricsFixture", "ProgramFixture", "Scripts", "Settings",
        "WebAPI",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift
    ),
    .testTarget(
      name: "WebAPITests",
      dependencies: [
        "WebAPI", "ConfigText", "Events", "Journal", "ProgramFixture",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: swift),
    .testTarget(
      name: "CommandLineTests", dependencies: ["Events", "WebAPI", "onevent"], swiftSettings: swift),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["BrokerFixture", "ConfigText", "Events", "MetricsFixture", "ProgramFixture", "onevent"],
      swiftSettings: swift),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
