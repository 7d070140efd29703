public import Foundation

/// The identifier of a zone of the IANA time zone database, such as `Europe/Berlin`; known to exist.
public struct TimeZoneID: Sendable {
    /// The identifier as it was given.
    public let identifier: String

    /// When the zone's offset changes.
    let transitions: ZoneTransitions

    /// Accepts identifiers of the IANA database only: offsets and most abbreviations name no zone.
    public init(_ identifier: String) throws(ScheduleError) {
        guard Self.isName(identifier), let timeZone = TimeZone(identifier: identifier) else {
            throw Self.unknown(identifier)
        }
        self.identifier = identifier
        self.transitions = ZoneTransitions.of(timeZone, named: identifier)
    }

    private init(identifier: String, transitions: ZoneTransitions) {
        self.identifier = identifier
        self.transitions = transitions
    }

    /// Coordinated universal time, the default of schedules.
    public static let utc = TimeZoneID(identifier: "UTC", transitions: .utc)

    /// The zone for Foundation; UTC should the platform have forgotten the zone since it was checked.
    public var timeZone: TimeZone {
        TimeZone(identifier: identifier) ?? .gmt
    }
}

extension TimeZoneID: Hashable, CustomStringConvertible, Codable {
    /// Two zones are equal when their identifiers are; aliases differ.
    public static func == (left: TimeZoneID, right: TimeZoneID) -> Bool {
        left.identifier == right.identifier
    }

    /// Hashes the identifier.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(identifier)
    }

    /// The identifier.
    public var description: String { identifier }

    /// Decodes and checks an identifier.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do throws(ScheduleError) {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.message, underlyingError: error)
            )
        }
    }

    /// Encodes the identifier.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(identifier)
    }
}

extension TimeZoneID {
    /// The IANA names without a slash; Foundation also takes abbreviations such as PST, which are not unique.
    private static let namesWithoutSlash: Set<String> = [
        "CET", "CST6CDT", "Cuba", "EET", "EST", "EST5EDT", "Egypt", "Eire", "GB", "GB-Eire", "GMT", "GMT0",
        "Greenwich", "HST", "Hongkong", "Iceland", "Iran", "Israel", "Jamaica", "Japan", "Kwajalein", "Libya",
        "MET", "MST", "MST7MDT", "NZ", "NZ-CHAT", "Navajo", "PRC", "PST8PDT", "Poland", "Portugal", "ROC",
        "ROK", "Singapore", "Turkey", "UCT", "UTC", "Universal", "W-SU", "WET", "Zulu",
    ]

    private static func isName(_ identifier: String) -> Bool {
        identifier.contains("/") || namesWithoutSlash.contains(identifier)
    }

    private static func unknown(_ identifier: String) -> ScheduleError {
        let folded = identifier.lowercased()
        let known = TimeZone.knownTimeZoneIdentifiers + namesWithoutSlash
        guard let meant = known.sorted().first(where: { $0.lowercased() == folded }) else {
            return ScheduleError(
                "unknown time zone '\(identifier)': use an IANA name such as Europe/Berlin or UTC"
            )
        }
        return ScheduleError("unknown time zone '\(identifier)': did you mean \(meant)?")
    }
}
