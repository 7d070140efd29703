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

/// What an agent tells the centers while an attempt runs: for people to look at, nothing depends on it.
public struct ProgressNote: Hashable, Sendable, Codable {
    /// The attempt.
    public var attempt: AttemptID
    /// How far it is.
    public var progress: RunProgress

    /// Creates a note.
    public init(_ attempt: AttemptID, _ progress: RunProgress) {
        self.attempt = attempt
        self.progress = progress
    }
}
