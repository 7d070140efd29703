import Foundation

/// Measures CloudTask against baselines and prints one JSON line for each figure.
///
/// `benchmarks --tools DIRECTORY [--skip NAME]… [NAME]…`; `scripts/bench` prepares the directory.
@main
struct BenchmarkSuite {
    /// All benchmarks in the order of their runs: the long one last.
    static let all: [any Benchmark] = [
        NextInstantBenchmark(), NextFiresBenchmark(), PlanBenchmark(), ZooKeeperClientBenchmark(),
        ExecutorStartBenchmark(), StartLatenessBenchmark(), WorkflowBenchmark(), BackfillBenchmark(),
        HandoffBenchmark(), FailoverBenchmark(), MemoryBenchmark(),
    ]

    /// Runs what the arguments name; a benchmark that fails is named and the others still run.
    static func main() async {
        do {
            let request = try Request(CommandLine.arguments.dropFirst(), known: all.map(\.name))
            let failed = try await run(request)
            guard !failed.isEmpty else { return }
            Progress.say("failed: \(failed.joined(separator: ", "))")
            exit(1)
        } catch {
            Progress.say("\(error)")
            exit(64)
        }
    }

    private static func run(_ request: Request) async throws -> [String] {
        let workshop = try Workshop(tools: request.tools)
        defer { workshop.remove() }
        var failed: [String] = []
        for benchmark in all where request.names.contains(benchmark.name) {
            Progress.say("\(benchmark.name) …")
            do {
                try await benchmark.run(workshop)
            } catch {
                Progress.say("\(benchmark.name): \(error)")
                failed.append(benchmark.name)
            }
        }
        return failed
    }
}

/// One thing that is measured.
protocol Benchmark: Sendable {
    /// What the command line calls it.
    var name: String { get }

    /// Measures, and reports every figure as soon as it is known.
    func run(_ workshop: Workshop) async throws
}

/// What the command line asks for.
struct Request {
    /// The directory of the programs that are measured or compared with.
    var tools = ""
    /// The benchmarks to run.
    var names: Set<String> = []

    init(_ arguments: some Sequence<String>, known: [String]) throws {
        var skipped: Set<String> = []
        var iterator = arguments.makeIterator()
        while let argument = iterator.next() {
            switch argument {
            case "--tools": tools = iterator.next() ?? ""
            case "--skip": skipped.insert(try Self.name(iterator.next() ?? "", known))
            default: names.insert(try Self.name(argument, known))
            }
        }
        guard !tools.isEmpty else { throw BenchmarkError("--tools names no directory: run scripts/bench") }
        if names.isEmpty { names = Set(known) }
        names.subtract(skipped)
    }

    private static func name(_ text: String, _ known: [String]) throws -> String {
        guard known.contains(text) else {
            throw BenchmarkError("'\(text)' is not a benchmark: name any of \(known.joined(separator: ", "))")
        }
        return text
    }
}

/// A figure could not be measured.
struct BenchmarkError: Error, CustomStringConvertible {
    /// What happened and what to do.
    var description: String

    init(_ description: String) { self.description = description }
}
