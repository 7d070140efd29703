import Foundation
import Scheduling
import Testing

@Suite("Properties of random expressions")
struct CronPropertyTests {
    /// Windows around changes of the clocks, and one without.
    private static let windows = [
        ("Europe/Berlin", "2026-03-28T12:00:00Z"), ("Europe/Berlin", "2026-10-24T12:00:00Z"),
        ("America/New_York", "2026-03-07T18:00:00Z"), ("America/New_York", "2026-10-31T18:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T06:00:00Z"), ("Australia/Lord_Howe", "2026-04-04T06:00:00Z"),
        ("America/Sao_Paulo", "2018-11-03T12:00:00Z"), ("America/Sao_Paulo", "2018-02-17T12:00:00Z"),
        ("Asia/Kolkata", "2026-02-28T00:00:00Z"),
    ]

    @Test("the fires are those found by looking at every minute", arguments: 0..<9)
    func minutes(window: Int) throws {
        let (name, from) = Self.windows[window]
        let zone = try TimeZoneID(name).timeZone
        let start = try instant(from)
        let end = start + .seconds(30 * 3_600)
        var generator = SeededGenerator(seed: UInt64(100 + window))
        for _ in 0..<25 {
            let model = CronModel(using: &generator, isDaily: false)
            let fires = try model.expression(in: name).fires(after: start, before: end)
            let expected = model.fires(after: start, before: end, in: zone)
            #expect(
                fires == expected,
                "\(model.text) in \(name), \(model.rule) \(model.gap) \(model.overlap)"
            )
        }
    }

    @Test("the days are those found by looking at every day of three years", arguments: 0..<20)
    func days(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let year = Int.random(in: 1_971...2_090, using: &generator)
        let start = try instant("\(year)-01-01T00:07:00Z")
        let end = start + .seconds(3 * 366 * 86_400)
        for _ in 0..<10 {
            let model = CronModel(using: &generator, isDaily: true)
            let fires = try model.expression(in: "UTC").fires(after: start, before: end)
            #expect(fires == model.dailyFires(after: start, before: end), "\(model.text), \(model.rule)")
        }
    }

    @Test("fires increase, and what lies between two of them leads to the later", arguments: 0..<20)
    func order(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(1_000 + seed))
        let zone = Self.windows.randomElement(using: &generator)?.0 ?? "UTC"
        for _ in 0..<20 {
            let model = CronModel(using: &generator, isDaily: false)
            let expression = try model.expression(in: zone)
            let milliseconds = Int64.random(in: 0...3_000_000_000_000, using: &generator)
            var last = Instant(millisecondsSinceEpoch: milliseconds)
            for _ in 0..<20 {
                guard let fire = expression.next(after: last) else { break }
                #expect(fire > last, "\(model.text)")
                #expect(expression.next(atOrAfter: fire) == fire, "\(model.text)")
                let between = last.millisecondsSinceEpoch..<fire.millisecondsSinceEpoch
                let inner = Instant(millisecondsSinceEpoch: .random(in: between, using: &generator))
                #expect(expression.next(after: inner) == fire, "\(model.text)")
                let just = Instant(millisecondsSinceEpoch: fire.millisecondsSinceEpoch - 1)
                #expect(expression.next(after: just) == fire, "\(model.text)")
                last = fire
            }
        }
    }
}

extension CronModel {
    /// The fires of an expression in UTC whose time of day is fixed at 12:07.
    fileprivate func dailyFires(after start: Instant, before end: Instant) -> [Instant] {
        stride(
            from: start.millisecondsSinceEpoch + 12 * 3_600_000,
            to: end.millisecondsSinceEpoch,
            by: 86_400_000
        )
        .map { Instant(millisecondsSinceEpoch: $0) }
        .filter { !fires(after: $0 - .seconds(60), before: $0 + .seconds(1), in: .gmt).isEmpty }
    }
}
