/// What happens to fires that came due while nobody could launch them.
public struct MisfirePolicy: Hashable, Sendable {
    /// What happens to the fires that are older than `launchAge`.
    public enum Older: Hashable, Sendable {
        /// The latest of them is launched, the others are recorded as missed.
        case once
        /// All of them are recorded as missed.
        case never
    }

    /// Every fire up to this old is launched, in due order.
    public var launchAge: Duration
    /// What happens to older ones.
    public var older: Older
    /// How far missed fires are counted; beyond it the record says "at least".
    public var countMax: Int

    /// Creates a policy; the defaults are the cluster's.
    public init(launchAge: Duration = .seconds(60), older: Older = .once, countMax: Int = 1_000) {
        precondition(launchAge >= .zero && countMax >= 1, "not a misfire policy: \(launchAge), \(countMax)")
        self.launchAge = launchAge
        self.older = older
        self.countMax = countMax
    }

    /// The cluster's policy.
    public static let standard = MisfirePolicy()
}
