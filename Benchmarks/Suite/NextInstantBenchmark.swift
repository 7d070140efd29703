import Foundation
import Scheduling

/// How many fires a second schedules compute, against Foundation's calendar.
struct NextInstantBenchmark: Benchmark {
    let name = "next-instant"

    /// Where each search for fires begins, and where it begins again.
    private static let years =
        Instant(
            millisecondsSinceEpoch: 1_767_225_600_000
        )..<Instant(
            millisecondsSinceEpoch: 2_208_988_800_000
        )
    /// How long one side computes in a round.
    private static let span = Duration.milliseconds(300)
    /// Fires between two looks at the clock, so that reading it costs nothing.
    private static let batch = 200

    /// Calendars, days left out, and a spread.
    private static let phrases = [
        "weekdays at 02:00 Europe/Berlin", "every 15 minutes from 22:00 to 06:00 on friday Europe/Berlin",
        "every 3 days at 02:00", "last friday of the month at 18:00",
        "at 02:00 except on weekends, 2026-12-24 to 2026-12-26, every 12-25 and every last mon may",
        "every hour, except on weekends, by Europe/Berlin days", "at 02:00, up to 5m later",
    ]

    func run(_ workshop: Workshop) async throws {
        let berlin = try TimeZoneID("Europe/Berlin")
        try await measure("0 2 * * *", .cron(cron("0 2 * * *", berlin)))
        try await measure("0 2 * * 1-5", .cron(cron("0 2 * * 1-5", berlin)))
        try await measure("* * * * *", .cron(cron("* * * * *", .utc)))
        try await measure("0 0 * * 5L", .cron(cron("0 0 * * 5L", berlin)))
        try await measure("0 0 29 2 *", .cron(cron("0 0 29 2 *", .utc)))
        try await measure("every 90s", .every(IntervalSchedule(every: .seconds(90))))
        for phrase in Self.phrases { try await measure(phrase, Schedule(phrase: phrase)) }
    }

    private func cron(_ text: String, _ zone: TimeZoneID) throws -> CronSchedule {
        var options = CronOptions()
        options.timeZone = zone
        return CronSchedule(try CronExpression(text, options: options))
    }

    private func measure(_ text: String, _ schedule: Schedule) async throws {
        let schedule = schedule.bound(to: ScheduleContext(task: "nightly-report"))
        let (ours, theirs) = try await interleaved {
            ["rate": rate(from: Self.years.lowerBound) { schedule.next(after: $0) }]
        } against: {
            ["rate": try calendarRate()]
        }
        try Measurement(
            benchmark: name,
            parameters: ["schedule": .text(text)],
            value: ours["rate"] ?? 0,
            unit: "instants/s",
            baseline: (
                "Foundation's Calendar.nextDate for 02:00 every day in Europe/Berlin", theirs["rate"] ?? 0
            )
        ).report()
    }

    private func calendarRate() throws -> Double {
        var calendar = Calendar(identifier: .gregorian)
        guard let zone = TimeZone(identifier: "Europe/Berlin") else {
            throw BenchmarkError("this machine does not know Europe/Berlin: install tzdata")
        }
        calendar.timeZone = zone
        let components = DateComponents(hour: 2, minute: 0, second: 0)
        return rate(from: Self.years.lowerBound.date) { [calendar] date in
            let next = calendar.nextDate(after: date, matching: components, matchingPolicy: .nextTime)
            return next.flatMap { $0 < Self.years.upperBound.date ? $0 : nil }
        }
    }

    /// How often a second `next` finds the fire after the last one; it begins again where there is none.
    private func rate<Point: Comparable>(from first: Point, _ next: (Point) -> Point?) -> Double {
        var point = first
        var count = 0
        let start = ContinuousClock.now
        while ContinuousClock.now - start < Self.span {
            for _ in 0..<Self.batch { point = next(point) ?? first }
            count += Self.batch
        }
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }
}
