import Center
import CenterStore
import DataDirectory
import Domain
import Foundation
import Logging
import Scheduling
import Testing

/// What only the history on disk does.
@Suite struct SQLiteRunHistoryTests {
    @Test("everything is there after the next start")
    func reopens() async throws {
        try await withDirectory { directory in
            let fire = Reports.fire()
            let peer = CenterID("c2")!
            let first = try SQLiteRunHistory(directory: directory, log: .silent)
            try await first.record([Reports.started(fire)])
            try await first.author([Reports.ended(fire, .lost)])
            try await first.record(
                [AuthoredReport(sequence: 4, report: Reports.ended(fire, .lost))],
                from: peer
            )
            let sequences = try await first.authored(after: 0, limit: 5).map(\.sequence)
            #expect(sequences.count == 1)
            try first.close()

            let second = try SQLiteRunHistory(directory: directory, log: .silent)
            #expect(try await second.run(fire.attempt.run)?.state == .lost)
            #expect(try await second.authored(after: 0, limit: 5).map(\.sequence) == sequences)
            #expect(try await second.fetched(from: peer) == 4)
            try second.close()
        }
    }

    @Test("a directory that a process has is refused to others, naming the process, until it is given back")
    func locks() async throws {
        try await withDirectory { directory in
            let first = try SQLiteRunHistory(directory: directory, log: .silent)
            let processID = ProcessInfo.processInfo.processIdentifier
            let error = #expect(throws: DataDirectoryError.self) {
                _ = try SQLiteRunHistory(directory: directory, log: .silent)
            }
            #expect(error == .inUse(path: directory, holder: "the process \(processID)"))
            #expect("\(error!)".contains("\(processID)"))
            try first.close()
            try SQLiteRunHistory(directory: directory, log: .silent).close()
        }
    }

    @Test("a path that can be no directory is refused with the reason")
    func unusable() async throws {
        try await withDirectory { directory in
            try Data().write(to: URL(fileURLWithPath: directory))
            #expect(throws: DataDirectoryError.self) {
                _ = try SQLiteRunHistory(directory: directory, log: .silent)
            }
        }
    }

    @Test("the data directory is for its user only")
    func permissions() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            let attributes = try FileManager.default.attributesOfItem(atPath: directory)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
            try history.close()
        }
    }

    @Test("concurrent callers all find their reports stored")
    func concurrent() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<40 {
                    group.addTask {
                        for second in 0..<10 {
                            let fire = Reports.fire(task: task, second: second)
                            try await history.record([Reports.started(fire)])
                            try await history.record([Reports.ended(fire)])
                            #expect(try await history.run(fire.attempt.run)?.state == .succeeded)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let page = try await history.runs(RunFilter(states: [.succeeded]), page: nil, limit: 1_000)
            #expect(page.elements.count == 400)
            try history.close()
        }
    }

    @Test("reports of one run from many callers at once make one record")
    func oneRun() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            await withTaskGroup(of: Void.self) { group in
                for attempt in 1...30 {
                    group.addTask {
                        let fire = Reports.fire(attempt: attempt)
                        await #expect(throws: Never.self) { try await history.record([Reports.ended(fire)]) }
                    }
                }
            }
            let run = try await history.run(Reports.fire().attempt.run)
            #expect(run?.attempts.map(\.number) == Array(1...30))
            try history.close()
        }
    }

    @Test("more reports than one commit holds are stored in several")
    func manyReports() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            try await history.record((0..<2_500).map { Reports.ended(Reports.fire(second: $0)) })
            let retention = HistoryRetention(countMax: 10)
            #expect(try await history.prune(retention, now: Reports.start) == 2_490)
            let rest = try await history.runs(RunFilter(), page: nil, limit: 100).elements
            #expect(rest.first?.due == Reports.start + .seconds(2_499) && rest.count == 10)
            try history.close()
        }
    }

    @Test("a caller that is cancelled neither loses its commit nor those of others")
    func cancelled() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            await withTaskGroup(of: Void.self) { group in
                for second in 0..<20 {
                    group.addTask {
                        let fire = Reports.fire(second: second)
                        await #expect(throws: Never.self) { try await history.record([Reports.ended(fire)]) }
                    }
                }
                group.cancelAll()
            }
            #expect(try await history.runs(RunFilter(), page: nil, limit: 100).elements.count == 20)
            try history.close()
        }
    }

    @Test("a full disk throws for everyone who was not stored, and all goes on once there is room")
    func diskFull() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            let before = Reports.fire(task: 1, second: 0)
            try await history.record([Reports.ended(before)])
            try await history.execute("PRAGMA max_page_count = 1")

            let acknowledged = await withTaskGroup(of: Int.self) { group in
                for task in 2..<6 {
                    group.addTask {
                        let reports = (0..<100).map { Reports.ended(Reports.fire(task: task, second: $0)) }
                        do {
                            try await history.record(reports)
                            return task
                        } catch {
                            return 0
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }.filter { $0 > 0 }
            }
            #expect(acknowledged.isEmpty)
            #expect(try await history.run(before.attempt.run)?.state == .succeeded)
            #expect(try await history.runs(RunFilter(), page: nil, limit: 1_000).elements.count == 1)

            try await history.execute("PRAGMA max_page_count = 1000000")
            try await history.record((0..<100).map { Reports.ended(Reports.fire(task: 2, second: $0)) })
            #expect(try await history.runs(RunFilter(), page: nil, limit: 1_000).elements.count == 101)
            try history.close()
        }
    }

    @Test("a change that cannot be written fails alone")
    func poison() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            try await history.execute(
                """
                CREATE TRIGGER refusal BEFORE INSERT ON run WHEN NEW.task = 'task-20'
                BEGIN SELECT RAISE(ABORT, 'refused'); END
                """
            )
            let failed = await withTaskGroup(of: Int?.self) { group in
                for task in 0..<40 {
                    group.addTask {
                        do {
                            try await history.record([Reports.ended(Reports.fire(task: task))])
                            return nil
                        } catch {
                            return task
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(failed == [20])
            #expect(try await history.run(Reports.fire(task: 39).attempt.run)?.state == .succeeded)
            try history.close()
        }
    }

    @Test("a record that cannot be read is written anew from the next report")
    func unreadableRecord() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            let fire = Reports.fire()
            try await history.record([Reports.started(fire)])
            try await history.execute("UPDATE run SET body = 'no JSON'")
            try await history.record([Reports.ended(fire)])
            #expect(try await history.run(fire.attempt.run)?.state == .succeeded)
            try history.close()
        }
    }

    @Test("lists and the peers' catch-up go on without the rows that cannot be read")
    func unreadableRows() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            let fires = (0..<4).map { Reports.fire(task: $0 % 2, second: $0) }
            for fire in fires { try await history.author([Reports.ended(fire, .lost)]) }
            try await history.execute("UPDATE run SET body = '{}' WHERE id = '\(fires[2].attempt.run)'")
            try await history.execute(
                "UPDATE authored SET body = '{}' WHERE due = \(fires[1].due.millisecondsSinceEpoch)"
            )

            let first = try await history.runs(RunFilter(), page: nil, limit: 2)
            #expect(first.elements.map(\.id) == [fires[3].attempt.run])
            let second = try await history.runs(RunFilter(), page: first.next, limit: 2)
            #expect(second.elements.map(\.id) == [fires[1].attempt.run, fires[0].attempt.run])
            #expect(second.next == nil)
            let latest = try await history.latestRuns(of: [Reports.task(0), Reports.task(1)])
            #expect(latest.mapValues(\.id) == [Reports.task(1): fires[3].attempt.run])
            let authored = try await history.authored(after: 0, limit: 2)
            #expect(authored.map(\.report.fire) == [fires[0], fires[2]])
            await #expect(throws: DecodingError.self) { _ = try await history.run(fires[2].attempt.run) }
            try history.close()
        }
    }

    @Test("a file that is no database is refused, saying that it may go")
    func damaged() async throws {
        try await withDirectory { directory in
            try SQLiteRunHistory(directory: directory, log: .silent).close()
            try Data("this is no database, whatever its name says".utf8)
                .write(to: URL(fileURLWithPath: directory + "/history.sqlite"))
            let error = #expect(throws: DataDirectoryError.self) {
                _ = try SQLiteRunHistory(directory: directory, log: .silent)
            }
            #expect(error?.description.contains("move history.sqlite") == true)
        }
    }

    @Test("authored reports go with age, their sequence is never used again")
    func authoredSequence() async throws {
        try await withDirectory { directory in
            let history = try SQLiteRunHistory(directory: directory, log: .silent)
            try await history.author([Reports.ended(Reports.fire(second: 0), .lost)])
            let sequence = try #require(try await history.authored(after: 0, limit: 5).first?.sequence)
            let retention = HistoryRetention(age: .seconds(5))
            _ = try await history.prune(retention, now: Reports.start + .seconds(60))
            #expect(try await history.authored(after: 0, limit: 5).isEmpty)
            try await history.author([Reports.ended(Reports.fire(second: 60), .lost)])
            #expect(try await history.authored(after: 0, limit: 5).map(\.sequence) == [sequence + 1])
            try history.close()
        }
    }

    @Test(
        "a history has one identity for its life, and a new one another; one of an earlier version gets one"
    )
    func identity() async throws {
        var identities: Set<Nonce> = []
        for _ in 0..<2 {
            try await withDirectory { directory in
                let history = try SQLiteRunHistory(directory: directory, log: .silent)
                let identity = try #require(history.identity)
                identities.insert(identity)
                try history.close()
                let again = try SQLiteRunHistory(directory: directory, log: .silent)
                #expect(again.identity == identity)
                try await again.record([Reports.ended(Reports.fire())])
                try await again.execute(
                    "DROP TABLE identity; DELETE FROM grdb_migrations WHERE identifier LIKE '3:%'"
                )
                try again.close()
                let migrated = try SQLiteRunHistory(directory: directory, log: .silent)
                #expect(migrated.identity != nil && migrated.identity != identity)
                #expect(try await migrated.run(Reports.fire().attempt.run) != nil)
                try migrated.close()
            }
        }
        #expect(identities.count == 2)
    }

    @Test("a center that lost its store goes on after what its peers have fetched")
    func authoredAfterLoss() async throws {
        var reached: Int64 = 0
        for second in 0..<2 {
            try await withDirectory { directory in
                let history = try SQLiteRunHistory(directory: directory, log: .silent)
                try await history.author([Reports.ended(Reports.fire(second: second), .lost)])
                let news = try await history.authored(after: reached, limit: 5)
                #expect(news.count == 1)
                reached = try #require(news.last?.sequence)
                try history.close()
            }
        }
    }
}
