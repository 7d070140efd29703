/// Tokens of calls in the order they came.
struct TokenQueue: Sendable {
    /// Popped tokens tolerated at the front before the storage is compacted.
    private static let slackMax = 1_024

    private var tokens: [UInt64] = []
    private var head = 0

    /// Number of tokens in the queue.
    var count: Int { tokens.count - head }

    /// Adds a token at the end.
    mutating func append(_ token: UInt64) {
        tokens.append(token)
    }

    /// Takes out the oldest token.
    mutating func popFirst() -> UInt64? {
        guard head < tokens.count else { return nil }
        defer { compact() }
        head += 1
        return tokens[head - 1]
    }

    /// Takes out a token wherever it is.
    mutating func remove(_ token: UInt64) {
        guard let index = tokens[head...].firstIndex(of: token) else { return }
        tokens.remove(at: index)
    }

    private mutating func compact() {
        if head == tokens.count {
            tokens.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= Self.slackMax {
            tokens.removeFirst(head)
            head = 0
        }
    }
}
