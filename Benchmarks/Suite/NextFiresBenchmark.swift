import Foundation
import Scheduling

/// How long it takes to find the next fire of each of a million tasks, as a cluster that starts has to.
struct NextFiresBenchmark: Benchmark {
    let name = "next-fires"

    private static let tasks = 1_000_000
    /// Foundation computes so many; the figure is scaled up, because it would take a minute otherwise.
    private static let baselineTasks = 20_000
    private static let now = Instant(millisecondsSinceEpoch: 1_767_225_600_000)

    func run(_ workshop: Workshop) async throws {
        let berlin = try TimeZoneID("Europe/Berlin")
        let times = try (0..<Self.tasks).map { number in
            FireTimes(
                try schedule(number, berlin),
                in: ScheduleContext(task: "task-\(number)")
            )
        }
        let (ours, theirs) = try await interleaved {
            ["time": try milliseconds { try next(times) }]
        } against: {
            ["time": try milliseconds { try nextDates() } * Double(Self.tasks / Self.baselineTasks)]
        }
        try Measurement(
            benchmark: name,
            parameters: ["tasks": .number(Self.tasks)],
            value: ours["time"] ?? 0,
            unit: "ms",
            baseline: (
                "Foundation's Calendar.nextDate for a time of day in Europe/Berlin, as often",
                theirs["time"] ?? 0
            )
        ).report()
    }

    /// Schedules as people write them, no two tasks in a row alike.
    private func schedule(_ number: Int, _ berlin: TimeZoneID) throws -> Schedule {
        let (minute, hour) = (number % 60, number / 60 % 24)
        switch number % 5 {
        case 0: return try cron("\(minute) \(hour) * * *", berlin)
        case 1: return try cron("*/5 * * * *", .utc)
        case 2: return try cron("\(minute) \(hour) * * 1-5", berlin)
        case 3: return .every(try IntervalSchedule(every: .seconds(Int64(60 + number % 3_600))))
        default: return try cron("\(minute) \(hour) \(1 + number % 28) * *", .utc)
        }
    }

    private func cron(_ text: String, _ zone: TimeZoneID) throws -> Schedule {
        var options = CronOptions()
        options.timeZone = zone
        return .cron(CronSchedule(try CronExpression(text, options: options)))
    }

    private func next(_ times: [FireTimes]) throws {
        var found = 0
        for time in times where time.next(after: Self.now) != nil { found += 1 }
        guard found == times.count else {
            throw BenchmarkError("\(times.count - found) tasks have no next fire")
        }
    }

    private func nextDates() throws {
        var calendar = Calendar(identifier: .gregorian)
        guard let zone = TimeZone(identifier: "Europe/Berlin") else {
            throw BenchmarkError("this machine does not know Europe/Berlin: install tzdata")
        }
        calendar.timeZone = zone
        for number in 0..<Self.baselineTasks {
            let components = DateComponents(hour: number / 60 % 24, minute: number % 60, second: 0)
            let next = calendar.nextDate(
                after: Self.now.date,
                matching: components,
                matchingPolicy: .nextTime
            )
            guard next != nil else { throw BenchmarkError("Foundation finds no next date") }
        }
    }
}
