import ArgumentParser
import Domain
import Scheduling

/// Turns arguments into checked values; the errors are usage errors.
enum Parse {
    /// A name of some kind.
    static func name<Kind>(_ text: String, _ what: String, of kind: Kind.Type = Kind.self) throws -> Name<
        Kind
    > {
        guard let name = Name<Kind>(text) else {
            throw ValidationError("'\(text)' is not \(what): \(NameRule.text)")
        }
        return name
    }

    /// A run's identity, also as `-o name` prints it.
    static func run(_ text: String) throws -> RunID {
        guard let id = RunID(text.hasPrefix("run/") ? String(text.dropFirst(4)) : text) else {
            throw ValidationError("'\(text)' is not a run: copy one from 'cloudtask run list -o name'")
        }
        return id
    }

    /// A backfill's identity, also as `-o name` prints it.
    static func backfill(_ text: String) throws -> BackfillID {
        guard let id = BackfillID(text.hasPrefix("backfill/") ? String(text.dropFirst(9)) : text) else {
            throw ValidationError(
                "'\(text)' is not a backfill: copy one from 'cloudtask backfill list -o name'"
            )
        }
        return id
    }

    /// Refuses a number that counts nothing, or too much.
    static func count(_ number: Int, _ option: String, max: Int = 1_000_000) throws {
        guard (1...max).contains(number) else { throw ValidationError("\(option) must be 1 to \(max)") }
    }

    /// A duration such as `4s`.
    static func duration(_ text: String, _ option: String) throws -> Duration {
        do throws(ScheduleError) {
            return try DurationText(parsing: text).duration
        } catch {
            throw ValidationError("\(option): \(error.message)")
        }
    }

    /// A time to come: RFC 3339, or how long from now, as in `2h`.
    static func later(_ text: String, _ option: String, now: Instant) throws -> Instant {
        if let instant = Instant(rfc3339: text) { return instant }
        // What is no duration either is refused below, with both forms named.
        if let distance = try? DurationText(parsing: text) { return now + distance.duration }
        throw ValidationError(
            "\(option): '\(text)' is not a time: write 2026-03-29T01:00:00Z, or 2h for two hours from now"
        )
    }

    /// A time in the past: RFC 3339, or how long ago, as in `2h` or `-2h`.
    static func since(_ text: String, _ option: String, now: Instant) throws -> Instant {
        // What is no duration is read as a time, whose error is the one to report.
        if let ago = try? DurationText(parsing: text) { return now - ago.duration }
        return try instant(text, option, now: now)
    }

    /// A time: RFC 3339, or how long ago, as in `-2h`.
    static func instant(_ text: String, _ option: String, now: Instant) throws -> Instant {
        if let instant = Instant(rfc3339: text) { return instant }
        // What is no duration either is refused below, with both forms named.
        if text.hasPrefix("-"), let ago = try? DurationText(parsing: text.dropFirst()) {
            return now - ago.duration
        }
        throw ValidationError(
            "\(option): '\(text)' is not a time: write 2026-03-29T01:00:00Z, or -2h for two hours ago"
        )
    }
}
