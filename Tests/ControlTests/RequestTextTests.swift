import ArgumentParser
import Domain
import Foundation
import Scheduling
import Testing

@testable import Control
@testable import Payloads

/// What people read about parameters, pauses, changed fires and explanations.
@Suite struct RequestTextTests {
    static let now = Instant(rfc3339: "2026-03-02T12:00:00Z")!

    @Test("how long ago is said with a sign or without", arguments: ["10m", "-10m", "2026-03-02T11:50:00Z"])
    func since(_ text: String) throws {
        #expect(try Parse.since(text, "--since", now: Self.now) == Self.now - .seconds(600))
    }
    static let time = TimeText(zone: .gmt, now: now)

    static func task(pause: PauseRecord? = nil, exceptions: [FireException]? = nil) -> TaskPayload {
        TaskPayload(
            specification: TaskSpecification(
                name: TaskID("t")!,
                action: .command(["true"]),
                parameters: [
                    Parameter(name: "mode", kind: .choice, defaultValue: "fast", choices: ["fast", "full"])
                ]
            ),
            uid: TaskUID(bits: 7),
            revision: 1,
            createdAt: now,
            effectiveFrom: now,
            next: now + .seconds(60),
            pause: pause,
            exceptions: exceptions
        )
    }

    @Test("a task shows its pause, its parameters and its changed fires")
    func task() {
        let pause = PauseRecord(
            since: Self.now - .seconds(60),
            until: Self.now + .seconds(7_200),
            reason: "disks",
            author: "ann"
        )
        let fire = FireException(due: Self.now + .seconds(60), isSkipped: true, reason: "holiday")
        let task = Self.task(pause: pause, exceptions: [fire])
        let details = TaskTable.details(of: task, Self.time).map { "\($0.name): \($0.value.text)" }
        #expect(details.contains("state: paused"))
        #expect(
            details.contains {
                $0.hasPrefix("pause: paused since 2026-03-02T11:59:00") && $0.hasSuffix("(in 2h): disks")
            }
        )
        #expect(details.contains("parameter: mode, choice of fast, full, default fast"))
        #expect(
            details.contains {
                $0.hasPrefix("fire: 2026-03-02T12:01:00") && $0.hasSuffix("is skipped (holiday)")
            }
        )
        let table = TaskTable.table([task], isWide: true, Self.time).text(
            width: .max,
            style: Style(isColoured: false)
        )
        #expect(table.contains("paused until 2026-03-02T14:00:00") && table.contains(": disks"))
        #expect(TaskTable.details(of: Self.task(), Self.time).contains { $0.value.text == "enabled" })
    }

    @Test("the next instants say what is different about them, if anything is")
    func next() {
        func text(_ exceptions: [FireException]) -> String {
            let instants = [60, 120, 180].map { Self.now + .seconds($0) }
            return TaskNextCommand.table(instants, exceptions, Self.time).text(
                width: .max,
                style: Style(isColoured: false)
            )
        }
        #expect(!text([]).contains("NOTE"))
        let changed = text([
            FireException(due: Self.now + .seconds(60), isSkipped: true),
            FireException(
                due: Self.now + .seconds(90),
                shiftedTo: Self.now + .seconds(120),
                parameters: ["mode": "full"]
            ),
        ])
        #expect(changed.contains("is skipped"))
        #expect(changed.contains("shifted from 2026-03-02T12:01:30") && changed.contains("and has mode=full"))
    }

    @Test(
        "values are name=value, each name once",
        arguments: [
            (["a=1", "b=x=y", "c="], ["a": "1", "b": "x=y", "c": ""]), (["a"], nil), (["=1"], nil),
            (["a=1", "a=2"], nil),
        ] as [([String], [String: String]?)]
    )
    func values(arguments: [String], expected: [String: String]?) throws {
        let words = arguments.flatMap { ["--param", $0] }
        guard let options = try? ParameterOptions.parse(words) else { return #expect(expected == nil) }
        #expect((try? options.parameters()) == expected)
    }

    @Test("an explanation has each fact with its record and what to do")
    func explanation() {
        let explanation = Explanation(
            subject: "task/t",
            at: Self.now,
            findings: [
                .init(.paused, "It is paused.", in: "znode /t", advice: "Resume it."),
                .init(.due, "It is due.", in: "znode /t"),
            ]
        )
        #expect(
            ExplanationText.text(of: explanation) == """
                task/t at 2026-03-02T12:00:00.000Z
                - It is paused.
                    recorded in: znode /t
                    what to do:  Resume it.
                - It is due.
                    recorded in: znode /t

                """
        )
    }

    @Test("a time to come is an instant or a distance")
    func later() throws {
        #expect(try Parse.later("2h", "--until", now: Self.now) == Self.now + .seconds(7_200))
        #expect(
            try Parse.later("2026-03-02T13:00:00Z", "--until", now: Self.now) == Self.now + .seconds(3_600)
        )
        #expect(throws: ValidationError.self) { try Parse.later("soon", "--until", now: Self.now) }
    }
}
