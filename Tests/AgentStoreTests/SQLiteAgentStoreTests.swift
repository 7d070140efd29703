import Agent
import AgentStore
import DataDirectory
import Domain
import Foundation
import GRDB
import Logging
import Scheduling
import Testing
import ZooKeeper

@Suite("The agent's state in SQLite", .timeLimit(.minutes(2)))
struct SQLiteAgentStoreTests {
    @Test("keeps the contract", arguments: AgentStateContract.allCases)
    func contract(part: AgentStateContract) async throws {
        try await withStore { try await part.check($0) }
    }

    @Test("everything is there after the directory was opened again, and sequences go on")
    func reopening() async throws {
        try await withTemporaryDirectory { directory in
            let session = SessionIdentity(id: 7, password: Array(1...16))
            try await withStore(in: directory) { store in
                _ = try await store.append([report(1), report(2)])
                try await store.acknowledge(reader("a"), through: 1)
                try await store.cache([definition("00000000000000aa")], removing: [])
                try await store.remember(session)
            }
            try await withStore(in: directory) { store in
                #expect(try await store.pending(for: reader("a"), limit: 10).map(\.sequence) == [2])
                #expect(try await store.cachedDefinitions() == [definition("00000000000000aa")])
                #expect(try await store.predecessorSession() == session)
                try await store.prune(now: at(1_000), retention: .seconds(1))
            }
            try await withStore(in: directory) { store in
                let sequence = try await store.append([report(3)])
                #expect(sequence == 3)
            }
        }
    }

    @Test("one store at a time has a directory; the other is told which process")
    func lock() async throws {
        try await withTemporaryDirectory { directory in
            let holder = "the process \(ProcessInfo.processInfo.processIdentifier)"
            try await withStore(in: directory) { _ in
                await #expect(throws: DataDirectoryError.inUse(path: directory, holder: holder)) {
                    try await withStore(in: directory) { _ in }
                }
            }
            try await withStore(in: directory) { _ in }
        }
    }

    @Test(
        "the session of a copied directory is not the copy's to close; neither is one of another start of the machine"
    )
    func cloned() async throws {
        try await withTemporaryDirectory { parent in
            let session = SessionIdentity(id: 7, password: Array(1...16))
            let memory = ClusterMemory(
                cluster: Nonce(bits: 1),
                timeline: Nonce(bits: 2),
                epoch: Epoch(rawValue: 3)
            )
            try await withStore(in: parent + "/one") { store in
                try await store.remember(session)
                try await store.remember(cluster: memory)
            }
            try FileManager.default.copyItem(atPath: parent + "/one", toPath: parent + "/two")
            try await withStore(in: parent + "/two") { store in
                let (found, remembered) = try await (store.predecessorSession(), store.clusterMemory())
                #expect(found == nil && remembered == memory)
            }
            try await withStore(in: parent + "/one") { store in
                let found = try await store.predecessorSession()
                #expect(found == session)
            }
            let boot = parent + "/boot"
            try Data("another start\n".utf8).write(to: URL(fileURLWithPath: boot))
            let later = try SQLiteAgentStore(
                directory: parent + "/one",
                bootFile: boot,
                log: Logger(label: "test")
            )
            let found = try await later.predecessorSession()
            #expect(found == nil)
            try later.close()
        }
    }

    @Test("a directory of the first schema is taken over, without the session that has no origin")
    func firstSchema() async throws {
        try await withTemporaryDirectory { directory in
            try await withStore(in: directory) { store in
                _ = try await store.append([report(1)])
                try await store.remember(SessionIdentity(id: 7, password: Array(1...16)))
                // As the first version left it.
                try await store.execute(
                    """
                    DROP TABLE cluster; ALTER TABLE session DROP COLUMN origin;
                    DELETE FROM grdb_migrations WHERE identifier LIKE '2:%';
                    """
                )
            }
            try await withStore(in: directory) { store in
                let pending = try await store.pending(for: reader("a"), limit: 10)
                let (found, remembered) = try await (store.predecessorSession(), store.clusterMemory())
                #expect(pending.count == 1 && found == nil && remembered == nil)
            }
        }
    }

    @Test("nobody else may read the files, for they hold the session's password")
    func permissions() async throws {
        try await withTemporaryDirectory { parent in
            let directory = parent + "/data"
            try await withStore(in: directory) { store in
                try await store.remember(SessionIdentity(id: 7, password: Array(1...16)))
                let files = try FileManager.default.contentsOfDirectory(atPath: directory)
                #expect(files.contains("agent.sqlite") && files.contains("agent.sqlite-wal"))
                for path in [directory] + files.map({ directory + "/" + $0 }) {
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    let mode = try #require(attributes[.posixPermissions] as? Int)
                    #expect(mode & 0o077 == 0, "\(path) has \(String(mode, radix: 8))")
                }
            }
        }
    }

    @Test("on a full disk appending throws, nothing of it is kept, and it works again with room")
    func diskFull() async throws {
        try await withStore { store in
            _ = try await store.append([report(1)])
            try await store.execute("PRAGMA max_page_count = 1")
            let big = String(repeating: "x", count: 20_000)
            let error = await #expect(throws: DatabaseError.self) {
                _ = try await store.append((2...20).map { try report($0, message: big) })
            }
            #expect(error?.resultCode == .SQLITE_FULL)
            #expect(try await store.pending(for: reader("a"), limit: 100).map(\.sequence) == [1])
            try await store.execute("PRAGMA max_page_count = 1000000")
            #expect(try await store.append([report(2)]) == 2)
            #expect(try await store.pending(for: reader("a"), limit: 100).map(\.sequence) == [1, 2])
        }
    }

    @Test("concurrent appends all get their own sequences")
    func concurrentAppends() async throws {
        try await withStore { store in
            let sequences = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        try await store.append([report(Int64(number)), report(Int64(number) + 1_000)])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(sequences.sorted() == (1...200).map { Int64($0) * 2 })
            let pending = try await store.pending(for: reader("a"), limit: 1_000)
            #expect(pending.map(\.sequence) == Array(1...400))
            for pair in stride(from: 0, to: 400, by: 2) {
                let (first, second) = (pending[pair].report.fire.due, pending[pair + 1].report.fire.due)
                #expect(second - first == .seconds(1_000))
            }
        }
    }

    @Test("a center that acknowledged nothing during the retention is forgotten, one that did is not")
    func absentCenters() async throws {
        try await withStore { store in
            _ = try await store.append([report(0)])
            try await store.acknowledge(reader("gone"), through: 1)
            try await store.acknowledge(reader("here"), through: 1)
            try await store.prune(now: at(0), retention: .seconds(60))
            _ = try await store.append([report(50)])
            try await store.acknowledge(reader("here"), through: 2)
            try await store.prune(now: at(55), retention: .seconds(60))
            _ = try await store.append([report(61)])
            try await store.prune(now: at(61), retention: .seconds(60))
            #expect(try await store.pending(for: reader("here"), limit: 10).map(\.sequence) == [3])
            #expect(try await store.pending(for: reader("gone"), limit: 10).map(\.sequence) == [2, 3])
        }
    }

    @Test(
        "acknowledgements of a database that knew centers by name alone hold for centers that do not say more"
    )
    func formerVersion() async throws {
        try await withTemporaryDirectory { directory in
            try await withStore(in: directory) { store in
                _ = try await store.append([report(1), report(2)])
                try await store.execute(
                    """
                    DROP TABLE reader;
                    CREATE TABLE center (name TEXT NOT NULL PRIMARY KEY, acknowledged INTEGER NOT NULL, seen INTEGER);
                    INSERT INTO center VALUES ('a', 1, NULL);
                    DELETE FROM grdb_migrations WHERE identifier LIKE '3:%';
                    """
                )
            }
            try await withStore(in: directory) { store in
                #expect(try await store.pending(for: reader("a"), limit: 10).map(\.sequence) == [2])
                try await store.meet(reader("a", history: 1))
                #expect(
                    try await store.backlog(for: reader("a", history: 1), limit: 10).map(\.sequence) == [
                        2, 1,
                    ]
                )
            }
        }
    }

    @Test("a report that cannot be read does not hold up the others")
    func unreadableReport() async throws {
        try await withStore { store in
            _ = try await store.append([report(1), report(2), report(3)])
            try await store.execute("UPDATE report SET body = '{' WHERE sequence < 3")
            #expect(try await store.pending(for: reader("a"), limit: 1).map(\.sequence) == [3])
            try await store.meet(reader("new", history: 1))
            #expect(
                try await store.backlog(for: reader("new", history: 1), limit: 5).map(\.sequence) == [3]
            )
        }
    }

    @Test("a damaged database is moved aside and a new one begun", arguments: ["not a database", ""])
    func damage(content: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/agent.sqlite"
            let damaged = Data(String(repeating: content, count: 1_000).utf8)
            try damaged.write(to: URL(filePath: path))
            try await withStore(in: directory) { store in
                let sequence = try await store.append([report(1)])
                #expect(sequence == 1)
            }
            // An empty file is an empty database, not a damaged one.
            let kept = FileManager.default.contents(atPath: path + ".damaged-1")
            #expect(kept == (content.isEmpty ? nil : damaged))
        }
    }

    @Test("damage in the middle of the file is noticed at the start")
    func tornPages() async throws {
        try await withTemporaryDirectory { directory in
            try await withStore(in: directory) { store in
                _ = try await store.append((1...500).map { try report($0) })
                try await store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            }
            let path = directory + "/agent.sqlite"
            let handle = try #require(FileHandle(forUpdatingAtPath: path))
            try handle.seek(toOffset: 4_096)
            try handle.write(contentsOf: Data(repeating: 0xff, count: 40_960))
            try handle.close()
            try await withStore(in: directory) { store in
                let sequence = try await store.append([report(1)])
                #expect(sequence == 1)
            }
            #expect(FileManager.default.fileExists(atPath: path + ".damaged-1"))
        }
    }
}
