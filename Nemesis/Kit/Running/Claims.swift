/// Keeps two faults from meeting that the plan keeps apart, also when one takes longer than planned.
actor Claims {
    private var taken: Set<String> = []

    /// How often a claim that has to wait looks again.
    private static let interval = Duration.milliseconds(100)

    /// Takes all of the names when they are free; `false` when they are not within `patience`.
    func take(_ names: [String], patience: Duration) async throws -> Bool {
        let deadline = ContinuousClock.now + patience
        while !taken.isDisjoint(with: names) {
            guard ContinuousClock.now < deadline else { return false }
            try await ContinuousClock().sleep(for: Self.interval)
        }
        taken.formUnion(names)
        return true
    }

    /// Gives names back.
    func give(_ names: [String]) { taken.subtract(names) }
}
