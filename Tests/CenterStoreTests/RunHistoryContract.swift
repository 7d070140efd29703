import Center
import CenterDoubles
import CenterStore
import Domain
import Foundation
import Logging
import Scheduling
import Testing

/// The implementations that the contract is run against.
enum Implementation: String, CaseIterable, Sendable {
    case sqlite, inMemory

    func withHistory(_ body: (any RunHistory) async throws -> Void) async throws {
        switch self {
        case .inMemory: try await body(InMemoryRunHistory())
        case .sqlite:
            try await withDirectory { try await body(try SQLiteRunHistory(directory: $0, log: .silent)) }
        }
    }
}

extension Logger {
    /// Keeps what is logged to itself.
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Lends a fresh directory.
func withDirectory(_ body: (String) async throws -> Void) async throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("cloudtask-\(UUID())")
    defer { try? FileManager.default.removeItem(at: url) }
    try await body(url.path)
}

/// What every `RunHistory` does.
@Suite struct RunHistoryContract {
    @Test("a run that is reported is found, one that is not is nil", arguments: Implementation.allCases)
    func findsRuns(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            let fire = Reports.fire()
            try await history.record([Reports.started(fire)])
            #expect(try await history.run(fire.attempt.run)?.state == .running)
            #expect(try await history.run(Reports.fire(second: 9).attempt.run) == nil)
        }
    }

    @Test(
        "reports give the same record in any order and any number of times",
        arguments: Implementation.allCases
    )
    func anyOrder(_ implementation: Implementation) async throws {
        let fire = Reports.fire()
        let second = Reports.fire(attempt: 2)
        let reports = [
            Reports.started(fire), Reports.ended(fire, .lost), Reports.ended(fire, .failed),
            Reports.started(second, agent: "a2"), Reports.ended(second, agent: "a2"),
        ]
        var expected = Run(reports[0])
        for report in reports.dropFirst() { expected.apply(report) }
        #expect(expected.state == .succeeded)
        for order in [reports, reports.reversed(), reports + reports, [4, 0, 2, 1, 3].map { reports[$0] }] {
            try await implementation.withHistory { history in
                for report in order { try await history.record([report]) }
                #expect(try await history.run(fire.attempt.run) == expected)
            }
            try await implementation.withHistory { history in
                try await history.record(order)
                #expect(try await history.run(fire.attempt.run) == expected)
            }
        }
    }

    @Test(
        "a start that comes late does not undo an end, and a late truth corrects lost",
        arguments: Implementation.allCases
    )
    func lateReports(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            let fire = Reports.fire()
            try await history.record([Reports.ended(fire, .lost)])
            #expect(try await history.run(fire.attempt.run)?.state == .lost)
            try await history.record([Reports.ended(fire)])
            try await history.record([Reports.started(fire), Reports.ended(fire, .lost)])
            #expect(try await history.run(fire.attempt.run)?.state == .succeeded)
        }
    }

    @Test("skipped and missed fires keep their reason", arguments: Implementation.allCases)
    func decisions(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            let skipped = Reports.fire(second: 1, decision: .skipped(reason: "paused"))
            let missed = Reports.fire(
                second: 9,
                decision: .missed(reason: "away", since: Reports.start, count: 3)
            )
            try await history.record([Reports.decided(skipped), Reports.decided(missed)])
            #expect(try await history.run(skipped.attempt.run)?.reason == "paused")
            let run = try await history.run(missed.attempt.run)
            #expect(run?.state == .missed && run?.count == 3 && run?.since == Reports.start)
        }
    }

    struct FilterCase: CustomTestStringConvertible, Sendable {
        var name: String
        var filter: RunFilter
        /// Seconds of the expected runs, latest first.
        var seconds: [Int]
        var testDescription: String { name }
    }

    static let filterCases = [
        FilterCase(name: "all", filter: RunFilter(), seconds: [4, 3, 2, 1]),
        FilterCase(name: "task", filter: RunFilter(task: Reports.task(1)), seconds: [3, 1]),
        FilterCase(name: "agent", filter: RunFilter(agent: AgentID("a2")), seconds: [4, 3]),
        FilterCase(name: "agent, whole name", filter: RunFilter(agent: AgentID("a")), seconds: []),
        FilterCase(name: "state", filter: RunFilter(states: [.failed]), seconds: [2]),
        FilterCase(name: "states", filter: RunFilter(states: [.failed, .running]), seconds: [4, 2]),
        FilterCase(name: "since", filter: RunFilter(since: Reports.start + .seconds(3)), seconds: [4, 3]),
        FilterCase(name: "until", filter: RunFilter(until: Reports.start + .seconds(2)), seconds: [2, 1]),
        FilterCase(name: "runtime", filter: RunFilter(runtime: .standard), seconds: [4, 3, 2, 1]),
        FilterCase(name: "other runtime", filter: RunFilter(runtime: RuntimeID("gpu")), seconds: []),
        FilterCase(
            name: "task and state",
            filter: RunFilter(task: Reports.task(2), states: [.failed]),
            seconds: [2]
        ),
    ]

    @Test("filters restrict, latest due first", arguments: Implementation.allCases, filterCases)
    func filters(_ implementation: Implementation, _ sample: FilterCase) async throws {
        try await implementation.withHistory { history in
            try await history.record([
                Reports.ended(Reports.fire(task: 1, second: 1)),
                Reports.ended(Reports.fire(task: 2, second: 2), .failed),
                Reports.ended(Reports.fire(task: 1, second: 3), agent: "a2"),
                Reports.started(Reports.fire(task: 2, second: 4), agent: "a2"),
            ])
            let page = try await history.runs(sample.filter, page: nil, limit: 10)
            #expect(page.elements.map(\.due) == sample.seconds.map { Reports.start + .seconds($0) })
            #expect(page.next == nil)
        }
    }

    @Test(
        "pages follow one another without gap or repetition, runs of one instant included",
        arguments: Implementation.allCases
    )
    func pages(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            try await history.record((0..<25).map { Reports.ended(Reports.fire(task: $0, second: $0 / 5)) })
            let whole = try await history.runs(RunFilter(), page: nil, limit: 100).elements
            var found: [Run] = []
            var position: String?
            repeat {
                let page = try await history.runs(RunFilter(), page: position, limit: 4)
                #expect(page.elements.count <= 4)
                found += page.elements
                position = page.next
            } while position != nil
            #expect(found == whole && whole.count == 25)
        }
    }

    @Test("a position that no page gave is refused", arguments: Implementation.allCases)
    func badPage(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            for text in ["x", "", "1.", "1.2.3", "' OR 1"] {
                await #expect(throws: CenterError.self) {
                    _ = try await history.runs(RunFilter(), page: text, limit: 4)
                }
            }
        }
    }

    @Test("the latest run of each task that has one", arguments: Implementation.allCases)
    func latest(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            try await history.record([3, 5, 4].map { Reports.ended(Reports.fire(task: 1, second: $0)) })
            let latest = try await history.latestRuns(of: [Reports.task(1), Reports.task(2)])
            #expect(latest.keys.sorted() == [Reports.task(1)])
            #expect(latest[Reports.task(1)]?.due == Reports.start + .seconds(5))
        }
    }

    @Test(
        "terms are kept, and a run's repetitions are found by it, oldest first",
        arguments: Implementation.allCases
    )
    func retries(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            let first = Reports.fire(second: 1)
            let terms = RunTerms(
                parameters: ["day": "2026-03-29"],
                note: "n",
                requestedBy: "ann",
                retryOf: first.attempt.run
            )
            let repeated = [5, 3].map { second in
                var fire = Reports.fire(second: second)
                fire.terms = terms
                return fire
            }
            try await history.record([Reports.ended(first, .failed)] + repeated.map { Reports.started($0) })
            // The end of an attempt may be told by somebody who does not know the terms.
            try await history.record(
                repeated.map { fire in
                    var bare = fire
                    bare.terms = nil
                    return Reports.ended(bare)
                }
            )
            #expect(try await history.run(repeated[0].attempt.run)?.terms == terms)
            #expect(
                try await history.retries(of: first.attempt.run) == repeated.reversed().map(\.attempt.run)
            )
            #expect(try await history.retries(of: repeated[0].attempt.run).isEmpty)
        }
    }

    @Test("authored reports are records too, and peers get them in order", arguments: Implementation.allCases)
    func authored(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            let reports = (0..<5).map { Reports.ended(Reports.fire(second: $0), .lost) }
            try await history.author(Array(reports[..<3]))
            try await history.author(Array(reports[3...]))
            try await history.record([Reports.ended(Reports.fire(second: 9))])
            let all = try await history.authored(after: 0, limit: 10)
            #expect(all.map(\.report) == reports)
            let first = try #require(all.first?.sequence)
            #expect(all.map(\.sequence) == Array(first..<(first + 5)))
            let middle = try await history.authored(after: first + 1, limit: 2)
            #expect(middle.map(\.sequence) == [first + 2, first + 3])
            #expect(try await history.authored(after: first + 4, limit: 2).isEmpty)
            #expect(try await history.run(reports[0].fire.attempt.run)?.state == .lost)
        }
    }

    @Test(
        "how far a peer was fetched is kept with its reports, and never goes back",
        arguments: Implementation.allCases
    )
    func fetched(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            let (peer, other) = (CenterID("c2")!, CenterID("c3")!)
            #expect(try await history.fetched(from: peer) == 0)
            let fire = Reports.fire()
            try await history.record(
                [AuthoredReport(sequence: 8, report: Reports.ended(fire, .lost))],
                from: peer
            )
            try await history.record(
                [AuthoredReport(sequence: 3, report: Reports.ended(fire, .lost))],
                from: peer
            )
            #expect(try await history.fetched(from: peer) == 8)
            #expect(try await history.fetched(from: other) == 0)
            #expect(try await history.run(fire.attempt.run)?.state == .lost)
            #expect(try await history.authored(after: 0, limit: 9).isEmpty)
        }
    }

    struct PruneCase: CustomTestStringConvertible, Sendable {
        var name: String
        var retention: HistoryRetention
        /// Seconds of the runs that stay, latest first.
        var seconds: [Int]
        var testDescription: String { name }
    }

    static let pruneCases = [
        PruneCase(
            name: "nothing exceeds",
            retention: HistoryRetention(),
            seconds: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
        ),
        PruneCase(name: "age", retention: HistoryRetention(age: .seconds(3)), seconds: [9, 8, 7]),
        PruneCase(name: "count", retention: HistoryRetention(countMax: 4), seconds: [9, 8, 7, 6]),
        // Even seconds are runs of task 0, odd ones of task 1.
        PruneCase(
            name: "count per task",
            retention: HistoryRetention(countPerTaskMax: 2),
            seconds: [9, 8, 7, 6]
        ),
        PruneCase(name: "everything", retention: HistoryRetention(countMax: 0), seconds: []),
    ]

    @Test(
        "pruning deletes what exceeds the retention, oldest first",
        arguments: Implementation.allCases,
        pruneCases
    )
    func prune(_ implementation: Implementation, _ sample: PruneCase) async throws {
        try await implementation.withHistory { history in
            try await history.record((0..<10).map { Reports.ended(Reports.fire(task: $0 % 2, second: $0)) })
            let now = Reports.start + .seconds(10)
            #expect(try await history.prune(sample.retention, now: now) == 10 - sample.seconds.count)
            let rest = try await history.runs(RunFilter(), page: nil, limit: 20).elements
            #expect(rest.map(\.due) == sample.seconds.map { Reports.start + .seconds($0) })
            #expect(try await history.prune(sample.retention, now: now) == 0)
        }
    }
}
