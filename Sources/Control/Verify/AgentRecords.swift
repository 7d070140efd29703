public import Domain

/// Reads what an agent recorded in its data directory, also while the agent runs.
public protocol AgentRecords: Sendable {
    /// All reports that the directory still holds, in the order in which they were recorded.
    func reports(in directory: String) async throws -> [RunReport]
}
