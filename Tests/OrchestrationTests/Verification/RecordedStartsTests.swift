import Domain
import Orchestration
import Scheduling
import Testing

@Suite("Run checker: the lines that tasks write")
struct RecordedStartsTests {
    static let line = "tick 00000000000000aa-0-1772323200000 2026-03-01T00:00:00.000Z 1 agent-0 1772323200020"

    @Test("a start and its end are one start")
    func pair() {
        let end = Self.line.replacing("0020", with: "2020") + " end"
        let records = RecordedStarts(parsing: Self.line + "\n" + end + "\n")
        #expect(records.starts == [Story.started(0)])
        #expect(records.unreadableLines.isEmpty)
    }

    @Test("a start without an end stays open")
    func open() {
        let records = RecordedStarts(parsing: Self.line)
        #expect(records.starts == [Story.started(0, lasts: nil)])
    }

    @Test("attempts are told apart, and so are repeated starts")
    func attempts() {
        let second = Self.line.replacing(" 1 agent-0", with: " 2 agent-1")
        let records = RecordedStarts(
            parsing: [Self.line, second, Self.line, second + " end"].joined(separator: "\n")
        )
        #expect(records.starts.map(\.attempt) == [1, 2, 1])
        #expect(records.starts.map { $0.endedAt != nil } == [false, true, false])
    }

    @Test("what is marked while histories are read counts when these say that it is over")
    func completed() {
        let during = Self.line.replacing("00aa", with: "00bb")
        let ends = [Self.line, during].map { $0.replacing("0020", with: "2020") + " end" }
        let before = RecordedStarts(parsing: Self.line)
        let later = RecordedStarts(parsing: ([Self.line, during] + ends).joined(separator: "\n"))
        let run = later.starts[1].run
        #expect(before.completed(by: later, ofRunsThatAreOver: []).starts == [Story.started(0)])
        #expect(before.completed(by: later, ofRunsThatAreOver: [run]).starts == later.starts)
    }

    @Test(
        "other lines are kept for the report",
        arguments: [
            "tick", line + " ", line + " stop", " " + line, line.replacing("tick", with: "Tick"),
            line.replacing("-0-1772323200000", with: ""), line.replacing("T00:00", with: " 00:00"),
            line.replacing(" 1 agent", with: " 0 agent"), line.replacing("agent-0", with: "-"),
            String(line.dropLast(14)),
            line + " end",
        ]
    )
    func unreadable(line: String) {
        let records = RecordedStarts(parsing: line)
        #expect(records.starts.isEmpty)
        #expect(records.unreadableLines == [line])
    }
}
