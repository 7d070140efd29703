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

    /// Drops the tokens of calls that are gone.
    mutating func keep(where isWaiting: (UInt64) -> Bool) {
        tokens = tokens[head...].filter(isWaiting)
        head = 0
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
