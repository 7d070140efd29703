public import Domain
public import Scheduling

/// One page of a list, and where the next one starts.
public struct Page<Element: Sendable>: Sendable {
    /// The elements.
    public var elements: [Element]
    /// Opaque position of the next page; `nil` at the end.
    public var next: String?

    /// Creates a page.
    public init(elements: [Element], next: String?) {
        self.elements = elements
        self.next = next
    }
}

/// How much history is kept; whatever exceeds any of the limits goes, oldest first.
public struct HistoryRetention: Hashable, Sendable {
    /// Age of a run's due instant.
    public var age: Duration
    /// Runs in all.
    public var countMax: Int
    /// Runs of one task.
    public var countPerTaskMax: Int

    /// Creates a retention; the defaults keep 30 days, 5 million runs, 100,000 of one task.
    public init(
        age: Duration = .seconds(30 * 86_400),
        countMax: Int = 5_000_000,
        countPerTaskMax: Int = 100_000
    ) {
        self.age = age
        self.countMax = countMax
        self.countPerTaskMax = countPerTaskMax
    }
}

/// A report that a center authored itself (a lost fire), for its peers to fetch.
public struct AuthoredReport: Hashable, Sendable {
    /// Rises with every report of the center, also across the loss of its history.
    public var sequence: Int64
    /// The report.
    public var report: RunReport

    /// Creates an authored report.
    public init(sequence: Int64, report: RunReport) {
        self.sequence = sequence
        self.report = report
    }
}

/// The history of runs: what people look at.
///
/// Losing it misses or doubles nothing.
public protocol RunHistory: Sendable {
    /// Random, drawn when the history was created; a history that was lost and made anew has another.
    ///
    /// Agents learn from it that the center has forgotten what they told it. `nil` for a history without one: they go by the center's name.
    var identity: Nonce? { get }

    /// Stores what the reports say, idempotently and whatever their order; on return it is on disk.
    ///
    /// Concurrent calls share commits (of up to 1,000 rows or 200 ms).
    func record(_ reports: [RunReport]) async throws

    /// As `record`, and remembers them for the peers of this center.
    func author(_ reports: [RunReport]) async throws

    /// Reports this center authored after `sequence`, oldest first.
    func authored(after sequence: Int64, limit: Int) async throws -> [AuthoredReport]

    /// How far the reports of `peer` have been fetched; 0 at first.
    func fetched(from peer: CenterID) async throws -> Int64

    /// Stores reports fetched from a peer together with how far they reach.
    func record(_ reports: [AuthoredReport], from peer: CenterID) async throws

    /// The run; `nil` when there is none.
    func run(_ id: RunID) async throws -> Run?

    /// Runs, latest due first.
    func runs(_ filter: RunFilter, page: String?, limit: Int) async throws -> Page<Run>

    /// The latest run of each of these tasks that has one.
    func latestRuns(of tasks: [TaskID]) async throws -> [TaskID: Run]

    /// The runs that repeat a run, oldest first, at most 100.
    func retries(of run: RunID) async throws -> [RunID]

    /// Deletes what exceeds the retention; returns how many runs went.
    func prune(_ retention: HistoryRetention, now: Instant) async throws -> Int
}

extension RunHistory {
    /// The run as decisions need it: a record that cannot be read says nothing, and must not keep a fire undecided for ever.
    ///
    /// The next report writes such a record anew.
    func knownRun(_ id: RunID) async throws -> Run? {
        do {
            return try await run(id)
        } catch is DecodingError {
            return nil
        }
    }
}
