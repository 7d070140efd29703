import Domain
import Synchronization

/// The catalog as the parts of a center share it: read as a value, changed by whoever read or wrote something newer.
public final class CatalogStore: Sendable {
    private let state = Mutex(Catalog())

    /// Creates a store of an empty catalog.
    public init() {}

    /// The catalog now.
    public var catalog: Catalog { state.withLock { $0 } }

    /// Looks something up without copying.
    public func read<Value>(_ body: (Catalog) -> Value) -> Value { state.withLock { body($0) } }

    /// Forgets everything: what is read next belongs to another timeline, whose versions may be lower.
    public func reset() {
        state.withLock { catalog in
            let (generation, sources) = (catalog.generation + 1, catalog.sourceGeneration + 1)
            catalog = Catalog()
            catalog.generation = generation
            catalog.sourceGeneration = sources
        }
    }

    /// Changes the catalog; `true` when what planning depends on has changed.
    @discardableResult
    func change(_ body: (inout Catalog) -> Void) -> Bool {
        state.withLock { catalog in
            let before = catalog.generation
            body(&catalog)
            return catalog.generation != before
        }
    }
}
