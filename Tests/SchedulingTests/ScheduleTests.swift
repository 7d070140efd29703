import Scheduling
import Testing

@Suite("Schedules")
struct ScheduleTests {
    private func interval(_ every: Duration, start: String? = nil, end: String? = nil) throws -> Schedule {
        .every(try IntervalSchedule(every: every, start: try start.map(instant), end: try end.map(instant)))
    }

    @Test("an interval without a start is counted from the epoch, before it too")
    func epochAnchor() throws {
        let schedule = try interval(.seconds(90))
        #expect(schedule.next(after: .epoch) == Instant(millisecondsSinceEpoch: 90_000))
        #expect(schedule.next(atOrAfter: .epoch) == .epoch)
        #expect(schedule.next(after: Instant(millisecondsSinceEpoch: -1)) == .epoch)
        #expect(schedule.next(after: Instant(millisecondsSinceEpoch: -90_000)) == .epoch)
        #expect(
            schedule.next(after: Instant(millisecondsSinceEpoch: -90_001))
                == Instant(millisecondsSinceEpoch: -90_000)
        )
        #expect(
            schedule.next(after: try instant("2026-01-01T00:00:01Z")) == (try instant("2026-01-01T00:01:30Z"))
        )
    }

    @Test("an interval with a start first fires at the start, which need not be a whole second")
    func startAnchor() throws {
        let schedule = try interval(.seconds(60), start: "2026-01-01T00:00:07.250Z")
        let start = try instant("2026-01-01T00:00:07.250Z")
        #expect(schedule.next(after: .epoch) == start)
        #expect(schedule.next(atOrAfter: start) == start)
        #expect(schedule.next(after: start) == start + .seconds(60))
        #expect(schedule.next(after: start + .milliseconds(59_999)) == start + .seconds(60))
        #expect(schedule.next(after: start - .milliseconds(1)) == start)
    }

    @Test("a fire at the end itself still fires, none later")
    func end() throws {
        let schedule = try interval(.seconds(60), end: "2026-01-01T00:02:00Z")
        #expect(
            schedule.next(after: try instant("2026-01-01T00:01:00Z")) == (try instant("2026-01-01T00:02:00Z"))
        )
        #expect(schedule.next(after: try instant("2026-01-01T00:02:00Z")) == nil)
        let end = try instant("2026-01-01T12:00:00Z")
        let daily = Schedule.cron(CronSchedule(try cron("0 12 * * *"), end: end))
        #expect(daily.next(after: end - .seconds(1)) == end)
        #expect(daily.next(atOrAfter: end) == end)
        #expect(daily.next(after: end) == nil)
    }

    @Test("a cron schedule does not fire before its start, and may fire at it")
    func start() throws {
        let start = try instant("2026-06-01T12:00:00Z")
        let daily = Schedule.cron(CronSchedule(try cron("0 12 * * *"), start: start))
        #expect(daily.next(after: .epoch) == start)
        #expect(daily.next(after: start - .milliseconds(1)) == start)
        #expect(daily.next(atOrAfter: .epoch) == start)
        #expect(daily.next(after: start) == start + .seconds(86_400))
    }

    @Test("once is once")
    func once() throws {
        let due = try instant("2026-06-01T12:00:00.123Z")
        let schedule = Schedule.once(due)
        #expect(schedule.next(after: .epoch) == due)
        #expect(schedule.next(atOrAfter: due) == due)
        #expect(schedule.next(after: due) == nil)
    }

    @Test(
        "an interval out of range is refused",
        arguments: [
            .zero, .seconds(-1), .milliseconds(99), .seconds(36_525 * 86_400 + 1), .microseconds(100_500),
        ]
            as [Duration]
    )
    func refusedIntervals(every: Duration) {
        #expect(throws: ScheduleError.self) { try IntervalSchedule(every: every) }
    }

    @Test("the shortest and the longest interval work at the ends of time")
    func extremes() throws {
        for every in [IntervalSchedule.everyMin, IntervalSchedule.everyMax] {
            let schedule = try interval(every)
            for milliseconds in [Int64.min, .min / 4, 0, .max / 4, .max] {
                let instant = Instant(millisecondsSinceEpoch: milliseconds)
                if let fire = schedule.next(after: instant) {
                    #expect(fire > instant && fire <= instant + every)
                } else {
                    #expect(abs(milliseconds / 2) > Int64.max / 8)
                }
            }
        }
    }

    @Test(
        "a schedule that no date matches is refused, at the field to change",
        arguments: [
            ("0 0 31 2 *", DaysRule.cron, 4), ("0 0 31 4,6 *", .cron, 4), ("0 0 0 L-30 2 *", .cron, 6),
            ("0 0 8 * MON#1", .both, 4), ("0 0 0 29 2 * 2026,2027", .cron, 13),
            ("0 0 0 30 2 * 2026", .cron, 6),
        ]
    )
    func impossible(text: String, rule: DaysRule, position: Int) throws {
        let expression = try cron(text, days: rule)
        #expect(expression.neverFires)
        #expect(expression.next(after: .epoch) == nil)
        let schedule = Schedule.cron(CronSchedule(expression))
        let error = #expect(throws: ScheduleError.self) { try schedule.validate() }
        #expect(error?.position == position)
        #expect(error?.message == "no date matches: change the days, months or years of '\(text)'")
    }

    @Test("a schedule that is over is valid, but not valid from now on")
    func over() throws {
        let now = try instant("2026-01-01T00:00:00Z")
        let old = Schedule.cron(CronSchedule(try cron("0 0 0 * * * 2018")))
        #expect(throws: Never.self) { try old.validate() }
        let error = #expect(throws: ScheduleError.self) { try old.validate(at: now) }
        #expect(error?.position == 12)
        for schedule in [.once(now - .seconds(1)), try interval(.seconds(60), end: "2025-12-31T00:00:00Z")] {
            #expect(throws: Never.self) { try schedule.validate() }
            #expect(throws: ScheduleError.self) { try schedule.validate(at: now) }
        }
        #expect(throws: Never.self) { try Schedule.once(now).validate(at: now) }
    }

    @Test("a schedule that ends before its first fire is refused")
    func emptyWindow() throws {
        let backwards = try interval(.seconds(60), start: "2026-01-02T00:00:00Z", end: "2026-01-01T00:00:00Z")
        let between = Schedule.cron(
            CronSchedule(
                try cron("0 12 * * *"),
                start: try instant("2026-01-01T13:00:00Z"),
                end: try instant("2026-01-02T11:00:00Z")
            )
        )
        for schedule in [backwards, between] {
            #expect(schedule.neverFires)
            let error = #expect(throws: ScheduleError.self) { try schedule.validate() }
            #expect(error?.message.contains("between its start and its end") == true)
        }
    }
}
