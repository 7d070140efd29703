import Foundation
import Scheduling
import Testing

@Suite("Time zones")
struct TimeZoneIDTests {
    @Test(
        "a name of the IANA database is a zone, an alias too",
        arguments: [
            "UTC", "Europe/Berlin", "US/Eastern", "Asia/Calcutta", "Etc/GMT+5", "EST5EDT", "Europe/Kyiv",
        ]
    )
    func known(name: String) throws {
        let zone = try TimeZoneID(name)
        #expect(zone.identifier == name)
        #expect(zone.timeZone == TimeZone(identifier: name))
        let data = try JSONEncoder().encode([zone])
        #expect(try JSONDecoder().decode([TimeZoneID].self, from: data) == [zone])
    }

    @Test(
        "abbreviations, offsets and unknown names are refused",
        arguments: [
            "", "PST", "IST", "GMT+5", "+02:00", "Mars/Olympus", "Europe", "europe/berlin", "Local", "/",
        ]
    )
    func unknown(name: String) {
        let error = #expect(throws: ScheduleError.self) { try TimeZoneID(name) }
        #expect(error?.message.hasPrefix("unknown time zone '\(name)'") == true)
    }

    @Test("the error knows the name that differs only in case")
    func suggestion() {
        let error = #expect(throws: ScheduleError.self) { try TimeZoneID("europe/BERLIN") }
        #expect(error?.message == "unknown time zone 'europe/BERLIN': did you mean Europe/Berlin?")
        let short = #expect(throws: ScheduleError.self) { try TimeZoneID("utc") }
        #expect(short?.message == "unknown time zone 'utc': did you mean UTC?")
    }

    @Test("every known zone's hours fire at whole local hours over two years")
    func everyZone() throws {
        for name in TimeZone.knownTimeZoneIdentifiers.filter({ $0.contains("/") }) {
            let noon = try cron("0 12 * * *", in: name)
            let timeZone = noon.options.timeZone.timeZone
            let start = try instant("2025-01-01T12:00:00Z")
            let fires = noon.fires(after: start, before: start + .seconds(730 * 86_400))
            #expect((729...731).contains(fires.count), "\(name)")
            #expect(
                fires.allSatisfy { fire in
                    let local = Int(fire.date.timeIntervalSince1970) + timeZone.secondsFromGMT(for: fire.date)
                    return local % 86_400 == 43_200
                },
                "\(name)"
            )
        }
    }
}
