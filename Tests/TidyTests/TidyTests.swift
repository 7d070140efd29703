import Foundation
import Testing

/// Checks the rules of docs/style.md that a program can check, as tests, after TigerBeetle's `tidy.zig`.
@Suite struct TidyTests {
    let tree = SourceTree()

    struct Ban: CustomTestStringConvertible, Sendable {
        let pattern: String
        let replacement: String
        /// Modules that may use it, each for a reason given in docs/style.md.
        var except: Set<String> = []
        var testDescription: String { pattern }
    }

    static let bansInSources: [Ban] = [
        Ban(pattern: "@unchecked", replacement: "make it a value, an actor, or a value in a Mutex"),
        Ban(pattern: "nonisolated(unsafe)", replacement: "use a Mutex or an actor"),
        Ban(pattern: "@preconcurrency import", replacement: "wrap the API in a type of ours"),
        Ban(pattern: "try!", replacement: "throw, or precondition with the state in the message"),
        Ban(pattern: "fatalError", replacement: "precondition with the state in the message, or throw"),
        Ban(
            pattern: "print(",
            replacement: "log, or return the text to Control",
            except: ["Control", "cloudtask"]
        ),
        Ban(
            pattern: "Task {",
            replacement: "async let, a task group or a Service",
            except: ["ZooKeeperClient", "TestServers"]
        ),
        Ban(
            pattern: "Task.detached",
            replacement: "async let, a task group or a Service",
            except: ["ZooKeeperClient"]
        ),
        Ban(pattern: "DispatchQueue", replacement: "an actor", except: ["ZooKeeperClient"]),
        Ban(pattern: "DispatchSemaphore", replacement: "await the event"),
        Ban(pattern: "NSLock", replacement: "Synchronization.Mutex"),
        Ban(pattern: "Thread.sleep", replacement: "TimeSource.sleep"),
        Ban(pattern: "usleep", replacement: "TimeSource.sleep"),
    ]

    @Test("banned constructs do not occur in Sources", arguments: bansInSources)
    func bannedInSources(_ ban: Ban) throws {
        for file in try tree.swiftFiles(in: "Sources") where !ban.except.contains(file.target) {
            for line in file.code where Self.contains(line.text, ban.pattern) {
                Issue.record("\(file.path):\(line.number) uses \(ban.pattern): \(ban.replacement)")
            }
        }
    }

    /// Modules that run in simulation, where time and randomness come from the seed.
    static let simulated: Set<String> = [
        "Scheduling", "Domain", "Orchestration", "ZooKeeper", "Cluster", "Center", "Agent", "Simulation",
        "SimulationKit",
    ]

    static let bansInSimulated: [Ban] = [
        Ban(pattern: "Date()", replacement: "TimeSource.now"),
        Ban(pattern: "ContinuousClock", replacement: "TimeSource.monotonic", except: ["ZooKeeper"]),
        Ban(pattern: "SuspendingClock", replacement: "TimeSource.monotonic"),
        Ban(pattern: "Task.sleep", replacement: "TimeSource.sleep"),
        Ban(pattern: "UUID()", replacement: "RandomSource.identifier"),
        Ban(pattern: "SystemRandomNumberGenerator", replacement: "RandomSource"),
    ]

    @Test("simulated modules take time and randomness as parameters", arguments: bansInSimulated)
    func bannedInSimulated(_ ban: Ban) throws {
        let files = try tree.swiftFiles(in: "Sources")
        for file in files where Self.simulated.contains(file.target) && !ban.except.contains(file.target) {
            for line in file.code where Self.contains(line.text, ban.pattern) {
                Issue.record("\(file.path):\(line.number) uses \(ban.pattern): \(ban.replacement)")
            }
        }
    }

    @Test("random draws name their generator")
    func randomUsing() throws {
        for file in try tree.swiftFiles(in: "Sources") {
            for line in file.code where line.text.contains(".random(") && !line.text.contains("using:") {
                Issue.record(
                    "\(file.path):\(line.number) draws from the system's generator: pass one with using:"
                )
            }
        }
    }

    /// What each module may import of ours, and of others: the arrows of docs/architecture.md.
    static let allowedImports: [String: Set<String>] = [
        "Scheduling": ["Synchronization"],
        "Mutations": ["Synchronization"],
        "Domain": ["Mutations", "Scheduling"],
        "Orchestration": ["Domain", "Mutations", "Scheduling", "Collections"],
        "ZooKeeper": ["Mutations", "Logging", "Synchronization"],
        "ZooKeeperClient": ["ZooKeeper", "CZooKeeper", "Logging", "Synchronization", "Dispatch"],
        "Cluster": [
            "ZooKeeper", "Orchestration", "Domain", "Mutations", "Scheduling", "Crypto", "Logging",
            "Synchronization",
        ],
        "Payloads": ["Domain", "Scheduling"],
        "Import": ["Documents", "Domain", "Scheduling"],
        "Center": [
            "Cluster", "Orchestration", "Domain", "Mutations", "Scheduling", "ZooKeeper", "ServiceLifecycle",
            "Logging", "Collections", "Synchronization", "Crypto",
        ],
        "Agent": [
            "Cluster", "Orchestration", "Domain", "Mutations", "Scheduling", "ZooKeeper", "ServiceLifecycle",
            "Logging", "Collections", "Synchronization",
        ],
    ]

    @Test("modules import only what lies below them")
    func imports() throws {
        let system: Set<String> = ["Foundation", "FoundationEssentials", "Glibc", "Swift", "_Concurrency"]
        for file in try tree.swiftFiles(in: "Sources") {
            guard let allowed = Self.allowedImports[file.target] else { continue }
            for line in file.code {
                guard let module = Self.importedModule(line.text) else { continue }
                if !allowed.contains(module) && !system.contains(module) {
                    Issue.record(
                        "\(file.path):\(line.number) imports \(module), which does not lie below \(file.target)"
                    )
                }
            }
        }
    }

    @Test("only ZooKeeperClient, Executor and test support say unsafe")
    func unsafe() throws {
        let allowed: Set<String> = ["ZooKeeperClient", "Executor", "SimulationKit", "TestServers"]
        for file in try tree.swiftFiles(in: "Sources") where !allowed.contains(file.target) {
            for line in file.code
            where line.text.range(of: #"\bunsafe\b(?!-)"#, options: .regularExpression) != nil {
                Issue.record("\(file.path):\(line.number) says unsafe: only ZooKeeperClient and Executor may")
            }
        }
    }

    @Test("every test function has @Test")
    func testAttribute() throws {
        for file in try tree.swiftFiles(in: "Tests") {
            for (index, line) in file.lines.enumerated()
            where line.range(of: #"^\s*func test"#, options: .regularExpression) != nil {
                let before = file.lines[..<index].suffix(4).joined(separator: " ")
                if !before.contains("@Test") {
                    Issue.record("\(file.path):\(index + 1) is not run: write @Test before it")
                }
            }
        }
    }

    @Test("tests below the end-to-end tests do not sleep")
    func noSleepInTests() throws {
        let mayWait: Set<String> = ["EndToEndTests", "TidyTests"]
        for file in try tree.swiftFiles(in: "Tests") where !mayWait.contains(file.target) {
            for line in file.code
            where line.text.contains("Task.sleep") || line.text.contains("Clock().sleep") {
                Issue.record(
                    "\(file.path):\(line.number) sleeps: advance a SimulationClock or await an event"
                )
            }
        }
    }

    @Test("open points name an issue")
    func openPoints() throws {
        for file in try tree.swiftFiles(in: "Sources") {
            for (index, line) in file.lines.enumerated()
            where line.range(of: #"TODO(?! #\d)|FIXME"#, options: .regularExpression) != nil {
                Issue.record("\(file.path):\(index + 1) leaves something open without an issue's number")
            }
        }
    }

    @Test("every folder of Sources and Tests is a target, and none is a place holder")
    func targets() throws {
        let manifest = try tree.text(of: "Package.swift")
        for folder in ["Sources", "Tests"] {
            for name in try tree.folders(in: folder) {
                #expect(
                    manifest.contains("\"\(name)\""),
                    "\(folder)/\(name) is not a target of Package.swift"
                )
            }
        }
        for file in try tree.swiftFiles(in: "Sources") {
            #expect(!file.path.hasSuffix("/Stub.swift"), "\(file.path) is a place holder")
        }
    }

    @Test("files stay short")
    func fileLength() throws {
        for file in try tree.swiftFiles(in: "Sources") {
            #expect(
                file.lines.count <= 450,
                "\(file.path) has \(file.lines.count) lines: ask what it is really made of"
            )
        }
    }

    /// Whether `text` contains `pattern` not preceded by a letter, so that `sprint(` is not `print(`.
    private static func contains(_ text: String, _ pattern: String) -> Bool {
        guard let range = text.range(of: pattern) else { return false }
        guard range.lowerBound > text.startIndex else { return true }
        let before = text[text.index(before: range.lowerBound)]
        return !(before.isLetter || before == "_")
    }

    private static func importedModule(_ text: String) -> String? {
        guard
            let match = text.firstMatch(
                of:
                    /^\s*(?:(?:public|package|internal|private|fileprivate)\s+)?(?:@testable\s+)?import\s+(?:(?:struct|class|enum|func|protocol)\s+)?(\w+)/
            )
        else {
            return nil
        }
        return String(match.output.1)
    }
}
