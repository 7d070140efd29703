import Foundation
import Scheduling
import Testing

@Suite("Clocks put forward and back")
struct DaylightSavingTests {
    /// Local times from the evening before a change, and the fires that follow.
    struct Change: Sendable {
        let text: String
        let zone: String
        var gap = GapRule.run
        var overlap = OverlapRule.auto
        let after: String
        let fires: [String]
    }

    private static let gaps = [
        // Berlin has no 02:00–03:00 on 2026-03-29.
        Change(
            text: "30 2 * * *",
            zone: "Europe/Berlin",
            after: "2026-03-28T12:00:00Z",
            fires: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        Change(
            text: "30 2 * * *",
            zone: "Europe/Berlin",
            gap: .skip,
            after: "2026-03-28T12:00:00Z",
            fires: ["2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"]
        ),
        Change(
            text: "10,20,30 2 * * *",
            zone: "Europe/Berlin",
            after: "2026-03-28T12:00:00Z",
            fires: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:10:00+02:00"]
        ),
        Change(
            text: "0 2,3 * * *",
            zone: "Europe/Berlin",
            after: "2026-03-28T12:00:00Z",
            fires: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
        ),
        Change(
            text: "0 3 * * *",
            zone: "Europe/Berlin",
            gap: .skip,
            after: "2026-03-28T12:00:00Z",
            fires: ["2026-03-29T03:00:00+02:00", "2026-03-30T03:00:00+02:00"]
        ),
        Change(
            text: "59 1 * * *",
            zone: "Europe/Berlin",
            after: "2026-03-28T12:00:00Z",
            fires: ["2026-03-29T01:59:00+01:00", "2026-03-30T01:59:00+02:00"]
        ),
        Change(
            text: "0 */6 * * *",
            zone: "Europe/Berlin",
            after: "2026-03-28T20:00:00Z",
            fires: ["2026-03-29T00:00:00+01:00", "2026-03-29T06:00:00+02:00", "2026-03-29T12:00:00+02:00"]
        ),
        Change(
            text: "*/20 * * * *",
            zone: "Europe/Berlin",
            after: "2026-03-29T00:40:00Z",
            fires: ["2026-03-29T03:00:00+02:00", "2026-03-29T03:20:00+02:00"]
        ),
        Change(
            text: "*/20 * * * *",
            zone: "Europe/Berlin",
            gap: .skip,
            after: "2026-03-29T00:40:00Z",
            fires: ["2026-03-29T03:00:00+02:00", "2026-03-29T03:20:00+02:00"]
        ),
        // Seconds before the gap's end find it too.
        Change(
            text: "30 2 * * *",
            zone: "Europe/Berlin",
            after: "2026-03-29T00:59:59.999Z",
            fires: ["2026-03-29T03:00:00+02:00"]
        ),
        Change(
            text: "30 2 * * *",
            zone: "Europe/Berlin",
            after: "2026-03-29T01:00:00Z",
            fires: ["2026-03-30T02:30:00+02:00"]
        ),
        // Lord Howe's gap is half an hour, São Paulo's was at midnight, Apia lost a whole day.
        Change(
            text: "15 2 * * *",
            zone: "Australia/Lord_Howe",
            after: "2026-10-03T00:00:00Z",
            fires: ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]
        ),
        Change(
            text: "0 0 4 11 *",
            zone: "America/Sao_Paulo",
            after: "2018-11-01T00:00:00Z",
            fires: ["2018-11-04T01:00:00-02:00"]
        ),
        Change(
            text: "0 0 4 11 *",
            zone: "America/Sao_Paulo",
            gap: .skip,
            after: "2018-11-01T00:00:00Z",
            fires: ["2019-11-04T00:00:00-03:00"]
        ),
        Change(
            text: "0 12 30 12 *",
            zone: "Pacific/Apia",
            after: "2011-12-20T00:00:00Z",
            fires: ["2011-12-31T00:00:00+14:00", "2012-12-30T12:00:00+14:00"]
        ),
        Change(
            text: "0 12 * * *",
            zone: "Pacific/Apia",
            gap: .skip,
            after: "2011-12-29T00:00:00Z",
            fires: ["2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00"]
        ),
    ]

    private static let overlaps = [
        // Berlin has 02:00–03:00 twice on 2026-10-25.
        Change(
            text: "30 2 * * *",
            zone: "Europe/Berlin",
            after: "2026-10-24T12:00:00Z",
            fires: ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        ),
        Change(
            text: "30 2 * * *",
            zone: "Europe/Berlin",
            overlap: .both,
            after: "2026-10-24T12:00:00Z",
            fires: ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"]
        ),
        Change(
            text: "30 2 * * *",
            zone: "Europe/Berlin",
            after: "2026-10-25T01:00:00Z",
            fires: ["2026-10-26T02:30:00+01:00"]
        ),
        Change(
            text: "30 * * * *",
            zone: "Europe/Berlin",
            after: "2026-10-25T00:00:00Z",
            fires: ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"]
        ),
        Change(
            text: "30 * * * *",
            zone: "Europe/Berlin",
            overlap: .first,
            after: "2026-10-25T00:00:00Z",
            fires: ["2026-10-25T02:30:00+02:00", "2026-10-25T03:30:00+01:00"]
        ),
        Change(
            text: "0 0 1-3 * * *",
            zone: "Europe/Berlin",
            after: "2026-10-24T12:00:00Z",
            fires: [
                "2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ]
        ),
        Change(
            text: "0 2 * * 0",
            zone: "Europe/Berlin",
            after: "2026-10-24T12:00:00Z",
            fires: ["2026-10-25T02:00:00+02:00", "2026-11-01T02:00:00+01:00"]
        ),
        Change(
            text: "59,0 2,3 * * *",
            zone: "Europe/Berlin",
            after: "2026-10-25T00:30:00Z",
            fires: ["2026-10-25T02:59:00+02:00", "2026-10-25T03:00:00+01:00", "2026-10-25T03:59:00+01:00"]
        ),
        // At midnight the day itself comes twice.
        Change(
            text: "30 23 * * *",
            zone: "America/Sao_Paulo",
            after: "2018-02-17T12:00:00Z",
            fires: ["2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00"]
        ),
        Change(
            text: "30 23 * * *",
            zone: "America/Sao_Paulo",
            overlap: .both,
            after: "2018-02-17T12:00:00Z",
            fires: ["2018-02-17T23:30:00-02:00", "2018-02-17T23:30:00-03:00"]
        ),
        Change(
            text: "45 1 * * *",
            zone: "Australia/Lord_Howe",
            overlap: .both,
            after: "2026-04-04T00:00:00Z",
            fires: ["2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30", "2026-04-06T01:45:00+10:30"]
        ),
    ]

    @Test("local times that do not exist follow the gap rule", arguments: gaps)
    func gap(_ change: Change) throws {
        try check(change)
    }

    @Test("local times that exist twice follow the overlap rule", arguments: overlaps)
    func overlap(_ change: Change) throws {
        try check(change)
    }

    @Test("a daily time fires once on every day of every change from 1970 to 2100")
    func everyChange() throws {
        for name in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"] {
            for hour in 0...23 {
                let daily = try cron("30 \(hour) * * *", in: name)
                let zone = daily.options.timeZone.timeZone
                var date = try instant("1970-01-01T00:00:00Z").date
                let end = try instant("2100-01-01T00:00:00Z").date
                while let change = zone.nextDaylightSavingTimeTransition(after: date), change < end {
                    let around = Instant(change)
                    let fires = daily.fires(
                        after: around - .seconds(48 * 3_600),
                        before: around + .seconds(48 * 3_600)
                    )
                    #expect((3...5).contains(fires.count), "\(name) \(hour) \(around): \(fires)")
                    let waits = zip(fires, fires.dropFirst()).map { $1 - $0 }
                    #expect(
                        waits.allSatisfy { (22 * 3_600...26 * 3_600).contains(Int($0.inSeconds)) },
                        "\(name) \(around)"
                    )
                    date = change
                }
            }
        }
    }

    private func check(_ change: Change) throws {
        let expression = try cron(change.text, in: change.zone, gap: change.gap, overlap: change.overlap)
        #expect(try expression.fires(change.fires.count, after: change.after) == change.fires)
    }
}
