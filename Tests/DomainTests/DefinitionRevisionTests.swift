import Foundation
import Scheduling
import Testing

@testable import Domain

@Suite struct DefinitionRevisionTests {
    private static func pool(_ units: Int, _ description: String? = nil) -> Definition {
        .pool(Pool(name: PoolID("license")!, units: units, description: description))
    }

    /// The history after saves of pools of so many units, the last of which is in force.
    private func history(_ units: [Int], description: String? = nil) -> DefinitionRevisions {
        var history = DefinitionRevisions(present: SaveNote(revision: 1, at: .epoch, author: "a1"))
        for (index, number) in units.dropLast().enumerated() {
            history.supersede(
                Self.pool(number, description),
                at: .epoch,
                author: "a\(index + 2)",
                message: nil
            )
        }
        return history
    }

    private func texts(_ revisions: [DefinitionRevision]) -> [String] {
        revisions.map { revision in
            guard case .pool(let pool)? = revision.definition else {
                return "\(revision.note.revision) -"
            }
            return "\(revision.note.revision) \(revision.note.author ?? "-") \(pool.units)"
        }
    }

    @Test("each revision says who saved it, the present one last")
    func order() {
        let revisions = history([5, 6, 7]).revisions(with: Self.pool(7))
        #expect(texts(revisions) == ["1 a1 5", "2 a2 6", "3 a3 7"])
    }

    @Test("the latest twenty are kept")
    func count() {
        let revisions = history(Array(1...30)).revisions(with: Self.pool(30))
        #expect(revisions.map(\.note.revision) == Array(11...30))
    }

    @Test("large ones push the oldest out; of one that is too large the note alone is kept")
    func size() throws {
        let text = String(repeating: "x", count: 60_000)
        let kept = history([1, 2, 3, 4], description: text)
        #expect(kept.earlier.map(\.note.revision) == [2, 3])
        #expect(try JSONEncoder().encode(kept).count < DefinitionRevisions.bytesMax + 1_000)
        let large = history([1, 2], description: String(repeating: text, count: 5))
        #expect(texts(large.revisions(with: Self.pool(2))) == ["1 -", "2 a2 2"])
    }

    @Test("a save that came to nothing counts as none, and the next one has its number")
    func unfinished() {
        var history = history([5, 6])
        #expect(texts(history.revisions(with: Self.pool(5))) == ["1 a1 5"])
        history.supersede(Self.pool(5), at: .epoch, author: "b", message: "again")
        #expect(texts(history.revisions(with: Self.pool(7))) == ["1 a1 5", "2 b 7"])
    }

    @Test("what is half saved is no revision")
    func half() {
        var history = history([5, 6])
        #expect(texts(history.revisions(with: nil)) == ["1 a1 5", "2 -"])
        history.supersede(nil, at: .epoch, author: "b", message: nil)
        #expect(texts(history.revisions(with: Self.pool(8))) == ["1 a1 5", "2 b 8"])
    }

    private static let all: [Definition] = [
        pool(5, "seats"),
        .calendar(DayCalendar(name: CalendarID("off")!, days: DaySelection(weekdays: [.sunday]))),
        .runtime(RuntimeSettings(name: .standard, rejoinGrace: .seconds(5))),
        .workflow(
            Workflow(
                head: TaskSpecification(
                    name: TaskID("w")!,
                    action: Workflow.beginning,
                    workflow: WorkflowPlace(WorkflowID("w")!)
                ),
                steps: []
            )!
        ),
    ]

    @Test("every kind comes back from JSON, under its name", arguments: all)
    func json(definition: Definition) throws {
        let data = try JSONEncoder().encode(definition)
        #expect(String(decoding: data, as: UTF8.self).hasPrefix(#"{"\#(definition.kind.rawValue)":"#))
        #expect(try JSONDecoder().decode(Definition.self, from: data) == definition)
        #expect(!definition.name.isEmpty)
    }

    @Test("what is no definition is refused")
    func none() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Definition.self, from: Data(#"{"task":{}}"#.utf8))
        }
    }

    @Test("a pause and drained agents are no part of what a runtime says")
    func lasting() {
        var settings = RuntimeSettings(name: .standard, drained: [AgentID("a")!])
        settings.pause = PauseRecord(since: .epoch)
        #expect(Definition.runtime(settings).lasting == .runtime(RuntimeSettings(name: .standard)))
    }
}
