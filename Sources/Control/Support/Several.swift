import CenterClient

/// Does the same to several things, one after another: one that fails does not keep the others from it.
enum Several {
    /// Does it to each, and says on standard error which failed, and why.
    ///
    /// Nothing more is tried once nobody answers. Of a single thing the failure is that of the command.
    ///
    /// - Parameters:
    ///   - items: The things.
    ///   - name: How each is called: `kind/name`.
    ///   - body: What is done.
    /// - Returns: What the command fails with once it has said the rest; `nil` when nothing failed.
    /// - Throws: What is no matter of one of several things.
    static func perform<Item>(
        _ items: [Item],
        name: (Item) -> String,
        _ body: (Item) async throws -> Void
    ) async throws -> ControlError? {
        var failures: [ControlError] = []
        for item in items {
            do {
                try await body(item)
            } catch let error as CenterClientError {
                if items.count == 1 { throw error }
                switch error {
                case .unreachable, .unauthorized: throw error
                default: break
                }
                Terminal.say("\(name(item)): \(error.message)")
                failures.append(ControlError(error))
            }
        }
        return summary(of: failures, among: items.count)
    }

    /// What the command fails with; `nil` without failures.
    static func summary(of failures: [ControlError], among count: Int) -> ControlError? {
        guard let first = failures.first else { return nil }
        return ControlError("\(failures.count) of \(count) failed: \(first.message)")
    }
}
