import ArgumentParser
import Foundation
import Mutations
import Simulation

/// Leaves one rule out and simulates clusters until one of them breaks a promise; scripts/mutations runs it for every rule.
@main
struct Mutants: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Simulate clusters without one of their rules, until a promise is broken.",
        discussion: """
            Prints one line of JSON for each rule. Exits with 1 when a rule was left out and nothing was noticed.

            Examples:
              mutants D5                         until a seed shows the hole D5, at most 2,000 seeds
              mutants --seeds 100 M9 I3          two rules, one after the other
              mutants --slots 1 --promise lease S3    agents that run one attempt at a time; one promise that counts
              mutants --trace --first-seed 7 --seeds 1 M9    everything that happens in one seed
              mutants --list                     the names of all rules
            """
    )

    @Option(help: "How many seeds are tried for each rule.")
    var seeds: UInt64 = 2_000

    @Option(help: "The first seed.")
    var firstSeed: UInt64 = 1

    @Option(help: "How many attempts an agent runs at a time; so many that hardly any waits, unless given.")
    var slots: Int?

    @Option(help: "The one promise that counts as broken; any, unless given.", transform: promise(named:))
    var promise: Promise?

    @Flag(help: "Print everything that happens.")
    var trace = false

    @Flag(help: "Say on standard error which seed runs.")
    var progress = false

    @Flag(help: "Print the names of the rules.")
    var list = false

    @Argument(help: "The rules to leave out, one at a time; \"none\" keeps them all.")
    var names: [String] = []

    func validate() throws {
        guard Mutation.isBuiltIn else {
            throw ValidationError(
                "this build keeps every rule: build it with CLOUDTASK_MUTATIONS=1 in the environment"
            )
        }
        if let slots, slots < 1 { throw ValidationError("--slots \(slots): give at least 1") }
        if let unknown = names.first(where: { $0 != "none" && Mutation(rawValue: $0) == nil }) {
            throw ValidationError("there is no rule \"\(unknown)\" to leave out; --list names them all")
        }
        if names.isEmpty, !list { throw ValidationError("name at least one rule; --list names them all") }
    }

    private static func promise(named name: String) throws -> Promise {
        guard let promise = Promise(rawValue: name) else {
            let names = Promise.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no promise \"\(name)\"; the names are: \(names)")
        }
        return promise
    }

    func run() throws {
        if list { return Mutation.allCases.forEach { print($0.rawValue) } }
        var isEveryOneCaught = true
        for name in names {
            let result = try search(name)
            print(try result.json)
            fflush(nil)
            if name != "none", result.seed == nil { isEveryOneCaught = false }
        }
        if !isEveryOneCaught { throw ExitCode(1) }
    }

    /// Runs one seed after the other until a promise is broken that is kept when no rule is left out.
    private func search(_ name: String) throws -> MutantResult {
        let clock = ContinuousClock()
        let start = clock.now
        var result = MutantResult(mutation: name)
        for seed in firstSeed..<(firstSeed + seeds) {
            if progress { FileHandle.standardError.write(Data("seed \(seed)\n".utf8)) }
            let report = try simulate(seed, without: Mutation(rawValue: name))
            if trace { for line in report.trace { print(line) } }
            result.seedCount += 1
            guard let first = broken(report), try name == "none" || isKept(seed) else { continue }
            result.seed = seed
            result.promise = first.promise.rawValue
            result.detail = first.detail
            result.promises = Set(report.violations.map(\.promise.rawValue)).sorted()
            break
        }
        result.seconds = Double((clock.now - start).components.seconds)
        return result
    }

    private func simulate(_ seed: UInt64, without rule: Mutation?) throws -> SimulationReport {
        Mutation.select(rule)
        defer { Mutation.select(nil) }
        return try Simulation(seed: seed, slots: slots).run(keepsTrace: trace)
    }

    /// The first violation of those that count.
    private func broken(_ report: SimulationReport) -> Violation? {
        report.violations.first { promise == nil || $0.promise == promise }
    }

    /// Whether a seed breaks nothing that counts when every rule is kept.
    private func isKept(_ seed: UInt64) throws -> Bool { try broken(simulate(seed, without: nil)) == nil }
}

/// What came of leaving one rule out.
struct MutantResult: Codable {
    /// The rule, as on the command line.
    var mutation: String
    /// How many seeds were run.
    var seedCount = 0
    /// The seed that broke a promise; `nil` when none did.
    var seed: UInt64?
    /// The promise that was broken first.
    var promise: String?
    /// What was seen.
    var detail: String?
    /// All promises that the seed broke.
    var promises: [String] = []
    /// How long it took.
    var seconds = 0.0

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
