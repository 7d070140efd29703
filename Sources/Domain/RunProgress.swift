public import Scheduling

/// How far an attempt is, as it says itself.
public struct RunProgress: Hashable, Sendable, Codable {
    /// How much of it is done, from 0 to 100, with at most two decimals.
    public var percent: Double
    /// What it does just now.
    public var text: String?
    /// When its agent heard so.
    public var at: Instant

    /// Creates a progress.
    public init(percent: Double, text: String? = nil, at: Instant) {
        self.percent = percent
        self.text = text
        self.at = at
    }

    /// Longest text in Unicode scalars: it is one line for people.
    public static let textMax = 200

    /// The share that is done, as in "40 %" or "12.5 %".
    public var percentText: String {
        let whole = percent.rounded(.down)
        return (whole == percent ? String(Int(whole)) : "\(percent)") + " %"
    }
}

/// What an attempt says of itself in its own words, such as "serving 12 clients".
public struct RunStatus: Hashable, Sendable, Codable {
    /// What it says.
    public var text: String
    /// When its agent heard so.
    public var at: Instant

    /// Creates a status.
    public init(_ text: String, at: Instant) {
        self.text = text
        self.at = at
    }
}

/// What an attempt that runs has told under names so far, as much of it as is told before its end.
public struct OutputsSoFar: Hashable, Sendable, Codable {
    /// The values, by name.
    public var values: [String: OutputValue]
    /// How many there was no room for: they are seen when the attempt has ended.
    public var leftOut: Int
    /// When its agent heard so.
    public var at: Instant

    /// Most bytes of the values with their names: agents tell them to every center again and again, all that run together.
    public static let bytesMax = 2 * 1_024

    /// Takes as many of the texts as there is room for, the first by name first.
    public init(_ texts: [String: String], at: Instant) {
        var (values, bytes) = ([String: OutputValue](), 0)
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            let size = OutputValue.bytes(of: name, .text(text))
            guard bytes + size <= Self.bytesMax else { continue }
            values[name] = .text(text)
            bytes += size
        }
        self.values = values
        leftOut = texts.count - values.count
        self.at = at
    }
}

/// What the probe of a resident task had for an answer last.
public struct RunHealth: Hashable, Sendable, Codable {
    /// Whether the process is healthy: fewer bad answers in a row than are too many.
    public var isHealthy: Bool
    /// How many bad answers in a row there were.
    public var failures: Int
    /// The last answer.
    public var answer: String
    /// When it came.
    public var at: Instant

    /// Creates a health.
    public init(isHealthy: Bool, failures: Int, answer: String, at: Instant) {
        self.isHealthy = isHealthy
        self.failures = failures
        self.answer = answer
        self.at = at
    }

    private enum CodingKeys: String, CodingKey {
        case isHealthy = "healthy"
        case failures, answer, at
    }
}

/// What an agent tells the centers while an attempt runs: for people to look at, nothing depends on it.
public struct ProgressNote: Hashable, Sendable, Codable {
    /// The attempt.
    public var attempt: AttemptID
    /// How far it is; `nil` when it does not say.
    public var progress: RunProgress?
    /// What it says of itself; `nil` when it says nothing.
    public var status: RunStatus?
    /// What its probe found; `nil` when it has none, or there was no answer yet.
    public var health: RunHealth?
    /// What it has told under names so far; `nil` when that is nothing.
    public var outputs: OutputsSoFar?

    /// Creates a note.
    public init(
        _ attempt: AttemptID,
        _ progress: RunProgress? = nil,
        status: RunStatus? = nil,
        health: RunHealth? = nil,
        outputs: OutputsSoFar? = nil
    ) {
        self.attempt = attempt
        self.progress = progress
        self.status = status
        self.health = health
        self.outputs = outputs
    }
}
