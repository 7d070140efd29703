import Center
import CenterStore
import Domain
import Foundation
import Scheduling
import Testing

/// What runs told, as every history keeps it.
@Suite struct AccountHistoryTests {
    private func told(_ fire: JournaledFire, _ outputs: [String: OutputValue]) -> RunReport {
        var report = Reports.ended(fire)
        if case .ended(var result) = report.phase {
            result.outputCount = outputs.count
            report.phase = .ended(result)
        }
        report.account = AttemptAccount(outputs: outputs, warnings: ["w"])
        return report
    }

    @Test("what a run told is on its own record, and on no list", arguments: Implementation.allCases)
    func kept(_ implementation: Implementation) async throws {
        try await implementation.withHistory { history in
            let fire = Reports.fire()
            let report = told(fire, ["rows": .integer(12), "deep": .object(["a": .list([.null])])])
            try await history.record([Reports.started(fire)])
            try await history.record([report])
            try await history.record([Reports.ended(fire)])
            let run = try #require(try await history.run(fire.attempt.run))
            #expect(run.lastAccount == report.account)
            let list = try await history.runs(RunFilter(), page: nil, limit: 10).elements
            #expect(list.map(\.account) == [nil])
            #expect(list.first?.state == .succeeded)
            #expect(try await history.latestRuns(of: [run.task])[run.task]?.account == nil)
            #expect(run.conclusions.map(\.account) == [report.account])
        }
    }

    @Test(
        "of a run's attempts the last one's counts, whatever comes first",
        arguments: Implementation.allCases
    )
    func lastAttempt(_ implementation: Implementation) async throws {
        for isReversed in [false, true] {
            try await implementation.withHistory { history in
                let (first, second) = (Reports.fire(), Reports.fire(attempt: 2))
                let reports = [told(first, ["a": .integer(1)]), told(second, ["b": .integer(2)])]
                for report in isReversed ? reports.reversed() : reports { try await history.record([report]) }
                let run = try #require(try await history.run(first.attempt.run))
                #expect(run.lastAccount?.outputs == ["b": .integer(2)])
            }
        }
    }

    @Test("a history of the version before is migrated, with its runs")
    func migration() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            try await history.record([Reports.ended(Reports.fire())])
            try await history.execute(
                "ALTER TABLE run DROP COLUMN account; DELETE FROM grdb_migrations WHERE identifier LIKE '5:%'"
            )
            try history.close()
            let migrated = try SQLiteRunHistory(directory: directory, log: .silent)
            let fire = Reports.fire(second: 1)
            try await migrated.record([told(fire, ["a": .integer(1)])])
            #expect(try await migrated.run(Reports.fire().attempt.run)?.lastAccount == nil)
            #expect(try await migrated.run(fire.attempt.run)?.lastAccount?.outputs == ["a": .integer(1)])
            try migrated.close()
        }
    }
}
