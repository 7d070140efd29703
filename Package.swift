// swift-tools-version: 6.2
import PackageDescription

/// `CLOUDTASK_MUTATIONS=1` builds the program of scripts/mutations; see docs/mutations.md.
///
/// Never for use.
let mutations: [SwiftSetting] =
    Context.environment["CLOUDTASK_MUTATIONS"] == nil ? [] : [.define("CLOUDTASK_MUTATIONS")]

/// Every target is compiled the same way: Swift 6 language mode, strict memory safety, warnings are errors.
let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ] + mutations

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A library target of ours.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A test target of ours; `exclude` names folders with cases, which tests read where they stand.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
    name: "cloudtask",
    products: [
        .executable(name: "cloudtask", targets: ["cloudtask"]),
        .library(name: "ZooKeeper", targets: ["ZooKeeper"]),
        .library(name: "ZooKeeperClient", targets: ["ZooKeeperClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Core: values and functions.
        module("Scheduling"),
        module("Mutations"),
        module("Domain", ["Mutations", "Scheduling"]),
        module("Orchestration", ["Domain", "Mutations", "Scheduling"]),

        // Coordination.
        .systemLibrary(name: "CZooKeeper", providers: [.apt(["libzookeeper-mt-dev"])]),
        module("ZooKeeper", ["Mutations", logging]),
        module("ZooKeeperClient", ["ZooKeeper", "CZooKeeper", logging]),
        module(
            "Cluster",
            ["ZooKeeper", "Orchestration", "Domain", "Mutations", "Scheduling", crypto, logging]
        ),

        // Test support.
        module("TestServers", ["ZooKeeper", "ZooKeeperClient", logging]),
        module("ZooKeeperContract", ["ZooKeeper"]),

        // Services and their ports.
        module("Payloads", ["Domain", "Scheduling"]),
        module(
            "Center",
            [
                "Cluster", "Orchestration", "Domain", "Mutations", "Scheduling", "ZooKeeper", lifecycle,
                logging,
            ]
        ),
        module(
            "Agent",
            [
                "Cluster", "Orchestration", "Domain", "Mutations", "Scheduling", "ZooKeeper", lifecycle,
                logging,
            ]
        ),

        // Adapters.
        module("DataDirectory"),
        module(
            "CenterAPI",
            [
                "Center", "Payloads", "Domain", "Scheduling", hummingbird, httpTypes, asyncHTTPClient,
                nioCore,
                nioHTTP1, lifecycle, logging,
            ]
        ),
        module("CenterStore", ["Center", "DataDirectory", "Domain", "Scheduling", grdb, logging]),
        module(
            "AgentAPI",
            ["Agent", "Payloads", "Domain", hummingbird, httpTypes, nioCore, lifecycle, logging]
        ),
        module("AgentStore", ["Agent", "DataDirectory", "Domain", "Scheduling", "ZooKeeper", grdb, logging]),
        module(
            "CenterClient",
            [
                "Agent", "Payloads", "Domain", "Scheduling", asyncHTTPClient, nioCore, nioPosix, nioHTTP1,
                logging,
            ]
        ),
        .target(name: "CProcess"),
        module(
            "Executor",
            ["Agent", "CProcess", "Cluster", "Domain", "Scheduling", crypto, lifecycle, logging]
        ),
        module("Documents", ["Payloads", "Domain", "Scheduling", yams]),
        module("Import", ["Documents", "Domain", "Scheduling"]),
        module(
            "Control",
            [
                "CProcess", "DataDirectory", "Documents", "Import", "CenterClient", "Cluster",
                "Orchestration", "Payloads",
                "Domain",
                "Scheduling",
                "ZooKeeper",
                "ZooKeeperClient",
                argumentParser, logging, nioCore, nioPosix,
            ]
        ),
        .executableTarget(
            name: "cloudtask",
            dependencies: [
                "Control", "Center", "CenterAPI", "CenterStore", "Agent", "AgentAPI", "AgentStore",
                "CenterClient", "Executor", "Simulation",
                "Cluster", "ZooKeeper", "ZooKeeperClient", "Domain", "Scheduling", argumentParser, lifecycle,
                logging, signals,
            ],
            swiftSettings: settings
        ),

        // Measurements; see scripts/bench.
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "Agent", "Executor", "Cluster", "Orchestration", "Domain", "Scheduling", "TestServers",
                "ZooKeeper",
                logging,
            ],
            path: "Benchmarks/Suite",
            swiftSettings: settings
        ),

        // Clusters without one of their rules; see scripts/mutations.
        .executableTarget(
            name: "mutants",
            dependencies: ["Mutations", "Simulation", argumentParser],
            path: "Mutants",
            swiftSettings: settings
        ),

        // Real clusters under real faults; see scripts/nemesis.
        .target(
            name: "NemesisKit",
            dependencies: [
                "CProcess", "CenterClient", "Orchestration", "Payloads", "Domain", "Scheduling",
                "SimulationKit", "TestServers",
                "ZooKeeper",
                "ZooKeeperClient", grdb, logging, nioCore, nioPosix,
            ],
            path: "Nemesis/Kit",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "nemesis",
            dependencies: ["NemesisKit", argumentParser, signals],
            path: "Nemesis/Command",
            swiftSettings: settings
        ),

        // Test support.
        module("CenterDoubles", ["Center", "Domain", "Scheduling"]),
        module("SimulationKit", ["ZooKeeper"]),
        module(
            "Simulation",
            [
                "Agent", "Center", "CenterDoubles", "Cluster", "Orchestration", "Domain", "Mutations",
                "Scheduling",
                "SimulationKit", "ZooKeeper", logging,
            ]
        ),

        // Tests.
        tests(
            "AgentTests",
            [
                "Agent", "Center", "CenterDoubles", "Cluster", "Orchestration", "Domain", "Scheduling",
                "SimulationKit", "ZooKeeper",
                lifecycle,
                logging,
            ]
        ),
        tests(
            "AgentStoreTests",
            ["AgentStore", "Agent", "DataDirectory", "Domain", "Scheduling", "ZooKeeper", grdb, logging]
        ),
        tests(
            "AgentAPITests",
            [
                "AgentAPI", "Agent", "Payloads", "Domain", hummingbird, hummingbirdTesting, httpTypes,
                nioCore, logging,
            ]
        ),
        tests(
            "CenterAPITests",
            [
                "AgentAPI", "Agent", "CenterAPI", "CenterDoubles", "Center", "Payloads", "Domain",
                "Scheduling", hummingbird,
                hummingbirdTesting, httpTypes, nioCore, lifecycle, logging,
            ]
        ),
        tests(
            "CenterClientTests",
            [
                "CenterClient", "CenterAPI", "CenterDoubles", "Center", "Agent", "Cluster", "Payloads",
                "Domain", "Scheduling",
                lifecycle, logging,
            ]
        ),
        tests(
            "CenterTests",
            [
                "Center", "CenterDoubles", "Cluster", "Orchestration", "Domain", "Scheduling",
                "SimulationKit",
                "ZooKeeper", lifecycle, logging,
            ]
        ),
        tests("ClusterTests", ["Cluster", "Domain", "Scheduling", "SimulationKit", "ZooKeeper"]),
        tests(
            "CenterStoreTests",
            ["CenterStore", "CenterDoubles", "Center", "DataDirectory", "Domain", "Scheduling", logging]
        ),
        tests(
            "ControlTests",
            [
                "CProcess", "Control", "CenterClient", "Cluster", "DataDirectory", "Documents",
                "Orchestration",
                "Payloads", "Domain",
                "Scheduling",
                "ZooKeeper", argumentParser,
            ]
        ),
        tests("DocumentsTests", ["Documents", "Domain", "Scheduling"]),
        tests("DomainTests", ["Domain", "Scheduling"]),
        tests("ImportTests", ["Import", "Documents", "Domain", "Scheduling"], exclude: ["Cases"]),
        tests(
            "ExecutorTests",
            ["Executor", "CProcess", "Agent", "Cluster", "Domain", "Scheduling", logging]
        ),
        tests(
            "EndToEndTests",
            ["Domain", "Orchestration", "Payloads", "Scheduling", "TestServers", "ZooKeeper"]
        ),
        tests("NemesisTests", ["NemesisKit", "Documents", "Orchestration", "Scheduling", nioCore, nioPosix]),
        tests("MutationsTests", ["Mutations"]),
        tests("OrchestrationTests", ["Orchestration", "Domain", "Scheduling"], exclude: ["Cases"]),
        tests("PayloadsTests", ["Payloads", "Domain", "Scheduling"]),
        tests("SchedulingTests", ["Scheduling"], exclude: ["Cases"]),
        tests("SimulationTests", ["Simulation"], exclude: ["seeds.txt"]),
        tests("SimulationKitTests", ["SimulationKit", "ZooKeeper", "ZooKeeperContract"]),
        tests("TidyTests", []),
        tests(
            "ZooKeeperClientTests",
            ["ZooKeeper", "ZooKeeperClient", "ZooKeeperContract", "TestServers", logging]
        ),
        tests("ZooKeeperTests", ["ZooKeeper"]),
    ]
)
