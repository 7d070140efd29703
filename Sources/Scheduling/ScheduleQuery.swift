/// One question of `schedule next --batch`: when an expression fires after an instant.
public struct ScheduleQuery: Hashable, Sendable, Codable {
    /// Echoed in the answer, whatever it is.
    public var id: ScheduleQueryID?
    /// The cron expression.
    public var expr: String
    /// How it is read; `unix` unless given.
    public var dialect: String?
    /// An IANA zone identifier; UTC unless given.
    public var timeZone: String?
    /// An RFC 3339 time; now unless given.
    public var from: String?
    /// Whether a fire at `from` itself counts; it does not unless said so.
    public var inclusive: Bool?
    /// How many fires are asked for; 1 unless given.
    public var count: Int?
    /// The day rule; the dialect's unless given.
    public var days: String?
    /// The gap rule; the dialect's unless given.
    public var gap: String?
    /// The overlap rule; the dialect's unless given.
    public var overlap: String?

    /// The task whose expression it is; an expression with `H` needs it.
    public var task: String?

    /// Creates a question about an expression with nothing but defaults.
    public init(expr: String) {
        self.expr = expr
    }

    /// The most fires one question may ask for, so that an answer stays a line one can read.
    public static let countMax = 10_000

    /// The fires, in local time with its offset, or what is wrong with the question.
    public func answer(now: Instant) -> ScheduleAnswer {
        do throws(ScheduleError) {
            return ScheduleAnswer(id: id, outcome: .next(try fires(now: now)))
        } catch {
            return ScheduleAnswer(id: id, outcome: .error(error))
        }
    }

    private func fires(now: Instant) throws(ScheduleError) -> [String] {
        let count = count ?? 1
        guard (0...Self.countMax).contains(count) else {
            throw ScheduleError("count cannot be \(count): ask for 0 to \(Self.countMax) fires")
        }
        var expression = try CronExpression(expr, options: options())
        if expression.dependsOnTask {
            guard let task else {
                throw ScheduleError("H depends on the task's name: give it as task")
            }
            expression = expression.spread(by: SpreadHash(task: task))
        }
        let instant = try start(now: now)
        var fires: [String] = []
        var fire =
            (inclusive ?? false) ? expression.next(atOrAfter: instant) : expression.next(after: instant)
        while let due = fire, fires.count < count {
            fires.append(due.formatted(in: expression.options.timeZone))
            fire = expression.next(after: due)
        }
        return fires
    }

    private func start(now: Instant) throws(ScheduleError) -> Instant {
        guard let from else { return now }
        guard let instant = PreciseInstant(rfc3339: from) else {
            throw ScheduleError("from cannot be '\(from)': write a time like 2026-03-29T01:00:00+01:00")
        }
        // Fires are whole seconds: what is finer than a millisecond only decides whether `from` is past one.
        return (inclusive ?? false) ? instant.ceiling : instant.floor
    }

    private func options() throws(ScheduleError) -> CronOptions {
        CronOptions(
            timeZone: try timeZone.map { name throws(ScheduleError) in try TimeZoneID(name) } ?? .utc,
            days: try option("days", days),
            gap: try option("gap", gap),
            overlap: try option("overlap", overlap),
            dialect: try option("dialect", dialect) ?? .unix
        )
    }

    private func option<Option>(_ name: String, _ text: String?) throws(ScheduleError) -> Option?
    where Option: RawRepresentable<String> & CaseIterable {
        guard let text else { return nil }
        return try Option(option: name, text: text)
    }
}

/// The identifier of a question: any JSON scalar.
public enum ScheduleQueryID: Hashable, Sendable, Codable {
    /// A JSON string.
    case string(String)
    /// A JSON number without fraction.
    case integer(Int64)
    /// Another JSON number.
    case number(Double)
    /// `true` or `false`.
    case bool(Bool)

    /// Decodes a string, a number or a Boolean.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Each attempt fails for values of the other kinds; the last one's error is the one to report.
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let integer = try? container.decode(Int64.self) {
            self = .integer(integer)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    /// Encodes the scalar that was decoded.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let text): try container.encode(text)
        case .integer(let integer): try container.encode(integer)
        case .number(let number): try container.encode(number)
        case .bool(let flag): try container.encode(flag)
        }
    }
}
