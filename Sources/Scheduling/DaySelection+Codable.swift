extension DaySelection: Codable {
    /// Decodes `{dates, weekdays, yearly, calendars}`, each a list of texts.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: DocumentKey.self)
        try container.refuseKeys(notIn: Self.keys, of: "a selection of days")
        try self.init(in: container)
        guard !isEmpty else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "no day is named: give dates, weekdays, yearly or calendars"
                )
            )
        }
    }

    /// The keys a selection may have.
    static let keys = ["dates", "weekdays", "yearly", "calendars"]

    /// Reads the keys of a selection among others, which are not looked at; there may be none.
    public init(amongKeysOf decoder: any Decoder) throws {
        try self.init(in: try decoder.container(keyedBy: DocumentKey.self))
    }

    private init(in container: KeyedDecodingContainer<DocumentKey>) throws {
        let dates = try container.list("dates") { text throws(ScheduleError) in try DayRange(parsing: text) }
        let weekdays = try container.list("weekdays") { text throws(ScheduleError) in
            try Weekday.parsing(text)
        }
        let yearly = try container.list("yearly") { text throws(ScheduleError) in try YearlyDay(parsing: text)
        }
        self.init(
            dates: dates ?? [],
            weekdays: Set((weekdays ?? []).flatMap(\.self)).sorted(),
            yearly: yearly ?? [],
            calendars: try container.words("calendars") ?? []
        )
    }

    /// Encodes the form it is decoded from; what is empty is left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: DocumentKey.self)
        func encode(_ texts: [String], _ key: DocumentKey) throws {
            if !texts.isEmpty { try container.encode(texts, forKey: key) }
        }
        try encode(dates.map(\.description), "dates")
        try encode(weekdays.map(\.short), "weekdays")
        try encode(yearly.map(\.description), "yearly")
        try encode(calendars, "calendars")
    }
}
