// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// The floors, lowest first. A target names every target it imports; the build is run with
/// `--explicit-target-dependency-import-check error`, so an undeclared import of a higher floor fails.
let package = Package(
    name: "touchline",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "EventLog", targets: ["EventLog"]),
        .library(name: "Projection", targets: ["Projection"]),
        .library(name: "BuyTillYouDie", targets: ["BuyTillYouDie"]),
        .library(name: "CRM", targets: ["CRM"]),
        .library(name: "TouchlineService", targets: ["TouchlineService"]),
        .executable(name: "touchline", targets: ["touchline"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Floor 0: the log. Knows nothing of CRM.
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "CKernel"),
        .target(name: "EventLog", dependencies: ["CLZ4", "CKernel", crypto, system], swiftSettings: settings),
        // Floor 0: pages of SQLite files under checksums. Knows nothing of views.
        .target(name: "CPageChecksum", linkerSettings: [.linkedLibrary("sqlite3")]),
        // Floor 0: rows as bytes, and SQLite statements run with them. Knows nothing of views.
        .target(name: "CViewRows", linkerSettings: [.linkedLibrary("sqlite3")]),
        // Floor 1: folds.
        .target(
            name: "Projection", dependencies: ["CKernel", "CPageChecksum", "CViewRows", "EventLog", crypto, grdb, system],
            swiftSettings: settings),
        // Floor 2: meaning.
        .target(name: "BuyTillYouDie", swiftSettings: settings),
        .target(
            name: "CRM", dependencies: ["EventLog", "Projection", "BuyTillYouDie", crypto, grdb, sqlite, yams],
            resources: [.embedInCode("Catalogue/catalogue.yaml")], swiftSettings: settings),
        .target(name: "CSVImport", dependencies: ["EventLog", "CRM", crypto, yams], swiftSettings: settings),
        // Floor 3: composition.
        .target(
            name: "TouchlineService",
            dependencies: [
                "EventLog", "Projection", "BuyTillYouDie", "CRM", "CSVImport", crypto, grdb, system, yams,
            ],
            swiftSettings: settings),
        // Above composition: figures beside their limits.
        .target(
            name: "TouchlineBench",
            dependencies: [
                "EventLog", "Projection", "BuyTillYouDie", "CRM", "CSVImport", "TouchlineService", grdb, system,
            ],
            swiftSettings: settings),
        // Floor 4: the command line.
        .executableTarget(
            name: "touchline",
            dependencies: [
                "EventLog", "Projection", "BuyTillYouDie", "CRM", "CSVImport", "TouchlineService", "TouchlineBench",
                argumentParser, grdb, system,
            ],
            swiftSettings: settings),
        // For tests only: every view computed a second time, slowly and plainly. Knows none of the targets above.
        .target(name: "ReferenceFold", path: "Tests/ReferenceFold", swiftSettings: settings),
        // For tests and `Tools/rot`: turns single bits of a log's files, and judges what becomes of each.
        .target(
            name: "RotTable", dependencies: ["EventLog", system], path: "Tests/RotTable", swiftSettings: settings),
        .executableTarget(
            name: "rot", dependencies: ["RotTable", "ViewRot"], path: "Tests/Rot", swiftSettings: settings),
        .testTarget(
            name: "EventLogTests", dependencies: ["EventLog", "RotTable", crypto, system], swiftSettings: settings),
        // For tests only: bits flipped in files of views.
        .target(
            name: "ViewRot", dependencies: ["EventLog", "Projection", grdb, system], path: "Tests/ViewRot",
            swiftSettings: settings),
        // For tests only: a disk that fails on purpose, and a model beside the log's engine; and the command that runs
        // many seeds of it.
        .target(
            name: "LogSimulation", dependencies: ["EventLog", system], path: "Tests/LogSimulation",
            swiftSettings: settings),
        .executableTarget(
            name: "faults", dependencies: ["EventLog", "LogSimulation", argumentParser], path: "Tests/Faults",
            swiftSettings: settings),
        .testTarget(
            name: "LogSimulationTests", dependencies: ["EventLog", "LogSimulation", system],
            exclude: ["Regressions"], swiftSettings: settings),
        .testTarget(
            name: "ProjectionTests", dependencies: ["CViewRows", "EventLog", "Projection", "ViewRot", grdb, system],
            swiftSettings: settings),
        .testTarget(name: "BuyTillYouDieTests", dependencies: ["BuyTillYouDie"], swiftSettings: settings),
        .testTarget(
            name: "CRMTests", dependencies: ["EventLog", "Projection", "CRM", "ReferenceFold", grdb, system],
            swiftSettings: settings),
        .testTarget(
            name: "CSVImportTests", dependencies: ["EventLog", "CRM", "CSVImport"], swiftSettings: settings),
        .testTarget(
            name: "TouchlineServiceTests",
            dependencies: ["EventLog", "Projection", "CRM", "TouchlineService", "ReferenceFold", grdb, system],
            swiftSettings: settings),
        .testTarget(name: "CommandTests", dependencies: ["EventLog", system], swiftSettings: settings),
    ]
)

let fuzzed: [Target.Dependency] = [
    "EventLog", "Projection", "CRM", "CSVImport", "TouchlineService", crypto, grdb, system,
]

// The fuzzer's program is there only when `Tools/fuzz` asks for it: it links only with `--sanitize fuzzer`. Else what it
// calls is a part of the tests, which run it on every input that is kept.
if Context.environment["TOUCHLINE_FUZZ"] == nil {
    package.targets.append(.testTarget(name: "FuzzTests", dependencies: fuzzed, swiftSettings: settings))
} else {
    package.targets += [
        .target(name: "FuzzTargets", dependencies: fuzzed, path: "Tests/FuzzTests/Targets", swiftSettings: settings),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"], path: "Fuzz/Driver",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]),
    ]
}
