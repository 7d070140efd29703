import ArgumentParser
import Scheduling
import Testing

@testable import Control

@Suite("Schedules on the command line")
struct ScheduleTextTests {
    private func schedule(_ text: String, _ arguments: String...) throws -> Schedule {
        try ExpressionOptions.parse(arguments).schedule(text)
    }

    @Test("a schedule is an expression, an interval, a time, a phrase or a document")
    func forms() throws {
        let berlin = try TimeZoneID("Europe/Berlin")
        let weekdays = try Schedule(phrase: "weekdays at 09:30", timeZone: berlin)
        #expect(try schedule("weekdays at 09:30", "--tz", "Europe/Berlin") == weekdays)
        #expect(
            try schedule(#"{calendar: {weekly: [mon-fri], at: "09:30"}, timeZone: Europe/Berlin}"#)
                == weekdays
        )
        let every = Schedule.every(try IntervalSchedule(every: .seconds(90)))
        #expect(try schedule("every 90s") == every)
        #expect(try schedule("90s") == every)
        #expect(try schedule(#"{"every":"90s"}"#) == every)
        #expect(
            try schedule("2026-01-01T00:00:00Z")
                == .once(try #require(Instant(rfc3339: "2026-01-01T00:00:00Z")))
        )
        for text in ["0 2 * * 1-5", "@daily", "H H(0-5) * * *", "h/5 * * * *", "*/5 8-18 * jan mon"] {
            guard case .cron(let cron) = try schedule(text).timing else {
                Issue.record("\(text)")
                continue
            }
            #expect(cron.expression.text == text)
        }
        #expect(try schedule("5 minutes after each run").timing.followsEvents)
    }

    @Test("what depends on the task's name needs it")
    func task() throws {
        #expect(throws: ValidationError.self) { try ExpressionOptions.parse([]).boundSchedule("H 2 * * *") }
        #expect(throws: ValidationError.self) {
            try ExpressionOptions.parse([]).boundSchedule("{every: 1h, exclude: {calendars: [bank]}}")
        }
        let bound = try ExpressionOptions.parse(["--task", "billing"]).boundSchedule("H 2 * * *")
        #expect(bound.isBound(to: "billing"))
    }

    @Test("a mistake is pointed at")
    func pointer() throws {
        for (text, pointer) in [
            ("61 * * * *", "\n  ^"), ("weekdays at 9 Europe/Berln", "\n                ^"),
        ] {
            let error = #expect(throws: ControlError.self) {
                try ExpressionOptions.parse([]).pointedSchedule(text)
            }
            #expect(error?.message.hasSuffix("\n  \(text)\(pointer)") == true, "\(error?.message ?? "")")
        }
    }
}
