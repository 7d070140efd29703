public import Domain

/// Keeps what a center remembers of its cluster, in its data directory.
///
/// Losing it loses no run; the center then takes any tree for its own again.
public protocol ClusterMemoryStore: Sendable {
    /// What is remembered; `nil` for a center that never served a cluster.
    ///
    /// - Throws: When something is there that cannot be read: that is not nothing.
    func recall() async throws -> ClusterMemory?

    /// Remembers the cluster as it was last seen; on return it is on disk.
    func remember(_ memory: ClusterMemory) async throws
}
