import Foundation
import Orchestration
import Testing

@testable import NemesisKit

/// What was done is on disk as soon as it is over, in the form that the checker reads.
@Suite struct FaultJournalTests {
    @Test("periods are written as they end, those without an end at last, and the checker can read them")
    func written() async throws {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "faults-\(UInt64.random(in: 0 ... .max)).ndjson")
        defer { try? FileManager.default.removeItem(at: file) }
        let journal = try FaultJournal(file: file.path)
        let first = await journal.begin(.killed, "agent-1", "agent-kill")
        let second = await journal.begin(.cutOff, "agent-2<->zookeeper-1", "link-half-open")
        let dropped = await journal.begin(.diskFull, "agent-3", "disk-full")
        try await journal.end(second)
        await journal.drop(dropped)
        var periods = try FaultPeriod.log(try String(contentsOf: file, encoding: .utf8))
        #expect(periods.map(\.target) == ["agent-2<->zookeeper-1"])
        #expect(periods[0].end.map { $0 >= periods[0].start } == true)
        try await journal.close()
        periods = try FaultPeriod.log(try String(contentsOf: file, encoding: .utf8))
        #expect(periods.map(\.kind) == [.cutOff, .killed])
        #expect(periods[1].end == nil)
        try await journal.end(first)
        #expect(await journal.periods.count == 2)
    }
}
