extension Schedule: Codable {
    /// Decodes one of the document forms `{"cron": …}`, `{"every": …}` and `{"at": …}`.
    ///
    /// Keys that the form does not know, and mixtures of forms, are refused at the offending key.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: DocumentKey.self)
        let form = try Form(of: container)
        try form.refuseOtherKeys(in: container)
        switch form {
        case .cron: self = .cron(try Self.cron(from: container))
        case .every: self = .every(try Self.interval(from: container))
        case .at: self = .once(try container.decode(Instant.self, forKey: .init(.at)))
        }
        jitter = try container.decodeIfPresent(DurationText.self, forKey: .init(.jitter))?.duration
    }

    /// Encodes the document form; options that have their default are left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: DocumentKey.self)
        switch timing {
        case .cron(let cron):
            try Self.encode(cron.expression, to: &container)
            try container.encodeIfPresent(cron.start, forKey: .init(.start))
            try container.encodeIfPresent(cron.end, forKey: .init(.end))
        case .every(let interval):
            try container.encode(DurationText(interval.every), forKey: .init(.every))
            try container.encodeIfPresent(interval.start, forKey: .init(.start))
            try container.encodeIfPresent(interval.end, forKey: .init(.end))
        case .once(let due):
            try container.encode(due, forKey: .init(.at))
        }
        try container.encodeIfPresent(jitter.map(DurationText.init), forKey: .init(.jitter))
    }
}

/// The keys of a schedule's document form.
private enum KnownKey: String {
    case cron, every, at, timeZone, days, gap, overlap, dialect, start, end, jitter
}

/// Any key, so that unknown ones are seen.
private struct DocumentKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ key: KnownKey) { stringValue = key.rawValue }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The three forms, each named by its main key.
private enum Form: String, CaseIterable {
    case cron, every, at

    /// The form whose main key is present; exactly one must be.
    init(of container: KeyedDecodingContainer<DocumentKey>) throws {
        let present = Form.allCases.filter { container.contains(DocumentKey(stringValue: $0.rawValue)) }
        guard let form = present.first else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: container.codingPath,
                    debugDescription: "a schedule needs one of cron, every or at"
                )
            )
        }
        if present.count > 1 {
            let other = DocumentKey(stringValue: present[1].rawValue)
            let reason = "'\(other.stringValue)' cannot stand beside '\(form.rawValue)': write two schedules"
            throw DecodingError.dataCorruptedError(forKey: other, in: container, debugDescription: reason)
        }
        self = form
    }

    /// The keys of the form, in the order of their documentation.
    private var keys: [String] {
        switch self {
        case .cron: ["cron", "timeZone", "days", "gap", "overlap", "dialect", "start", "end", "jitter"]
        case .every: ["every", "start", "end", "jitter"]
        case .at: ["at", "jitter"]
        }
    }

    func refuseOtherKeys(in container: KeyedDecodingContainer<DocumentKey>) throws {
        let others = container.allKeys.map(\.stringValue).filter { !keys.contains($0) }.sorted()
        guard let other = others.first else { return }
        let reason =
            "a schedule with '\(rawValue)' has no '\(other)': it may have \(keys.joined(separator: ", "))"
        throw DecodingError.dataCorruptedError(
            forKey: DocumentKey(stringValue: other),
            in: container,
            debugDescription: reason
        )
    }
}

extension Schedule {
    private static func cron(from container: KeyedDecodingContainer<DocumentKey>) throws -> CronSchedule {
        let options = CronOptions(
            timeZone: try container.decodeIfPresent(TimeZoneID.self, forKey: .init(.timeZone)) ?? .utc,
            days: try container.choice(.days) ?? .cron,
            gap: try container.choice(.gap) ?? .run,
            overlap: try container.choice(.overlap) ?? .auto,
            dialect: try container.choice(.dialect) ?? .unix
        )
        let text = try container.decode(String.self, forKey: .init(.cron))
        let expression = try container.naming(.cron) { () throws(ScheduleError) in
            try CronExpression(text, options: options)
        }
        return CronSchedule(
            expression,
            start: try container.decodeIfPresent(Instant.self, forKey: .init(.start)),
            end: try container.decodeIfPresent(Instant.self, forKey: .init(.end))
        )
    }

    private static func interval(from container: KeyedDecodingContainer<DocumentKey>) throws
        -> IntervalSchedule
    {
        let every = try container.decode(DurationText.self, forKey: .init(.every))
        let start = try container.decodeIfPresent(Instant.self, forKey: .init(.start))
        let end = try container.decodeIfPresent(Instant.self, forKey: .init(.end))
        return try container.naming(.every) { () throws(ScheduleError) in
            try IntervalSchedule(every: every.duration, start: start, end: end)
        }
    }

    private static func encode(
        _ expression: CronExpression,
        to container: inout KeyedEncodingContainer<DocumentKey>
    ) throws {
        let defaults = CronOptions()
        let options = expression.options
        func encode<Value: Encodable & Equatable>(_ value: Value, _ usual: Value, _ key: KnownKey) throws {
            if value != usual { try container.encode(value, forKey: .init(key)) }
        }
        try container.encode(expression.text, forKey: .init(.cron))
        try encode(options.timeZone, defaults.timeZone, .timeZone)
        try encode(options.days, defaults.days, .days)
        try encode(options.gap, defaults.gap, .gap)
        try encode(options.overlap, defaults.overlap, .overlap)
        try encode(options.dialect, defaults.dialect, .dialect)
    }
}

extension KeyedDecodingContainer<DocumentKey> {
    /// Decodes one of the words of an option; the error lists them.
    fileprivate func choice<Option>(_ key: KnownKey) throws -> Option?
    where Option: RawRepresentable<String> & CaseIterable {
        guard let text = try decodeIfPresent(String.self, forKey: .init(key)) else { return nil }
        return try naming(key) { () throws(ScheduleError) in
            try Option(option: key.rawValue, text: text)
        }
    }

    /// Turns our error into one that carries the key; the original stays within it.
    fileprivate func naming<Value>(_ key: KnownKey, _ make: () throws(ScheduleError) -> Value) throws -> Value
    {
        do throws(ScheduleError) {
            return try make()
        } catch {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath + [DocumentKey(key)],
                    debugDescription: error.description,
                    underlyingError: error
                )
            )
        }
    }
}

extension RawRepresentable<String> where Self: CaseIterable {
    /// The option written as `text`; the error names the option and its words.
    init(option name: String, text: String) throws(ScheduleError) {
        guard let value = Self(rawValue: text) else {
            let words = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw ScheduleError("\(name) cannot be '\(text)': use one of \(words)")
        }
        self = value
    }
}
