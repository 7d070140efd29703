extension RunState {
    /// Of the runs of a fire's parts, the one with the greatest weight says how they stand together: what is still to come first, then
    /// what did not succeed.
    public var weight: Int {
        switch self {
        case .succeeded: 0
        case .skipped: 1
        case .missed: 2
        case .stopped: 3
        case .timedOut: 4
        case .failed: 5
        case .lost: 6
        case .retrying: 7
        case .waiting: 8
        case .running: 9
        }
    }
}
