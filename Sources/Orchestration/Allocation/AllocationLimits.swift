/// Between which loads an agent is left alone, derived from its fair share.
struct AllocationLimits {
    /// An agent never holds more: ceil(1.05 × share).
    ///
    /// (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with
    /// bounded loads", 2018.)
    let bound: Int
    /// The share in whole tasks: what a starved agent is filled up to.
    let share: Int
    /// The share rounded up: who takes more uses up what the bound leaves for later changes.
    let shareRoundedUp: Int
    /// Tasks without an owner go to agents below this first, so that losses never make anyone starve.
    let floor: Int
    /// An agent below takes tasks from others.
    ///
    /// Lower than `floor`, so that it happens to newcomers only.
    let starvation: Int

    /// The limits of an agent whose fair share is `share`.
    init(share: Double) {
        bound = Int((1.05 * share - Self.rounding).rounded(.up))
        self.share = Int((share + Self.rounding).rounded(.down))
        shareRoundedUp = Int((share - Self.rounding).rounded(.up))
        floor = Int((0.95 * share + Self.rounding).rounded(.down))
        let low = Int((0.9 * share - 1).rounded(.up))
        starvation = self.share >= 1 ? max(low, 1) : 0
    }

    /// Shares come from floating-point sums; a hair's breadth must not cost or give a whole task.
    private static let rounding = 1e-5
}
