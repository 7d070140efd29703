public import Domain

/// What a probe had for an answer.
public struct ProbeAnswer: Hashable, Sendable {
    /// Whether the process is healthy by it.
    public var isHealthy: Bool
    /// The answer in a few words.
    public var text: String

    /// Creates an answer.
    public init(isHealthy: Bool, text: String) {
        self.isHealthy = isHealthy
        self.text = text
    }
}

/// Asks processes of resident tasks whether they are healthy.
public protocol HealthProber: Sendable {
    /// Asks once, and waits for the answer no longer than the probe's timeout: none in time is a bad one.
    ///
    /// - Parameters:
    ///   - probe: What is asked.
    ///   - order: What the process was started with.
    /// - Returns: The answer; a bad one when nothing could be asked.
    func answer(to probe: HealthProbe, of order: LaunchOrder) async -> ProbeAnswer
}

/// Asks by programs and over HTTP, as each probe wants.
public struct HealthProbers: HealthProber {
    private let commands: any HealthProber
    private let pages: any HealthProber

    /// Creates a prober.
    ///
    /// - Parameters:
    ///   - commands: Who executes programs.
    ///   - pages: Who fetches pages.
    public init(commands: any HealthProber, pages: any HealthProber) {
        self.commands = commands
        self.pages = pages
    }

    /// Asks once.
    public func answer(to probe: HealthProbe, of order: LaunchOrder) async -> ProbeAnswer {
        switch probe.check {
        case .command: await commands.answer(to: probe, of: order)
        case .http: await pages.answer(to: probe, of: order)
        }
    }
}
