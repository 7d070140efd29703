public import Center
public import Domain

/// Pools of which nothing is held.
extension StandInCenter {
    /// The pools.
    public func pools() -> [PoolView] {
        sizes.values.sorted { $0.name < $1.name }.map { view(of: $0) }
    }

    /// One pool.
    public func pool(_ source: UnitSource) throws -> PoolView {
        guard case .pool(let name) = source, let pool = sizes[name] else {
            throw CenterError.notFound(kind: "pool", name: source.name.text)
        }
        var view = view(of: pool)
        view.holders = claims.filter(\.isGranted)
        view.line = claims.filter { !$0.isGranted }
        return view
    }

    /// Creates a pool or changes its size.
    public func setPool(_ pool: Pool, _ note: ChangeNote) throws -> Pool? {
        guard pool.problems.isEmpty else { throw CenterError.invalid(pool.problems) }
        keep(.pool(pool), instead: sizes[pool.name].map { .pool($0) }, note)
        defer { sizes[pool.name] = pool }
        return sizes[pool.name]
    }

    /// Deletes a pool.
    public func deletePool(_ name: PoolID) throws {
        guard sizes.removeValue(forKey: name) != nil else {
            throw CenterError.notFound(kind: "pool", name: name.text)
        }
    }

    /// Says of every claim that waits that it does.
    public func unitWaits(of attempts: [AttemptID]) -> [AttemptID: String] {
        let waiting = Set(claims.filter { !$0.isGranted }.map(\.attempt))
        return Dictionary(attempts.filter(waiting.contains).map { ($0, "waits for units") }) { $1 }
    }

    /// Makes every pool show these claims.
    public func show(claims: [UnitClaim]) { self.claims = claims }

    private func view(of pool: Pool) -> PoolView {
        PoolView(
            source: .pool(pool.name),
            units: pool.units,
            description: pool.description,
            held: claims.filter(\.isGranted).count,
            waiting: claims.filter { !$0.isGranted }.count
        )
    }
}
