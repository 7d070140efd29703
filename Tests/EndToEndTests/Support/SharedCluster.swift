import Foundation
import Testing

/// Everything that loads the machine or measures time, one after the other.
@Suite(.serialized) enum EndToEnd {}

/// Lends one running cluster to all tests of a suite.
struct SharedCluster: SuiteTrait, TestScoping {
    /// The cluster that the current test may use.
    @TaskLocal static var current: LocalCluster?

    let arguments: [String]

    var isRecursive: Bool { false }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withCluster(arguments) { cluster in
            try await Self.$current.withValue(cluster) { try await function() }
        }
    }
}

extension Trait where Self == SharedCluster {
    /// One cluster for the whole suite, started by `cloudtask up` with these arguments.
    static func cluster(_ arguments: String...) -> SharedCluster { SharedCluster(arguments: arguments) }
}

extension LocalCluster {
    /// The cluster of the suite the current test belongs to.
    static func shared() throws -> LocalCluster {
        try #require(SharedCluster.current, "the suite has no .cluster trait")
    }
}
