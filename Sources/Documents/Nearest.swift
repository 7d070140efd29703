/// Finds the word that was probably meant.
enum Nearest {
    /// The candidate with the smallest edit distance to `word`; `nil` when none is near enough to suggest.
    static func candidate(for word: String, among candidates: [String]) -> String? {
        let folded = word.lowercased()
        let scored = candidates.map { (distance: distance(folded, $0.lowercased()), word: $0) }
        guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, min(3, word.count / 3 + 1)) ? best.word : nil
    }

    /// "did you mean 'x'?", or the list of all candidates.
    static func suggestion(for word: String, among candidates: [String]) -> String {
        if let meant = candidate(for: word, among: candidates) { return "did you mean '\(meant)'?" }
        return "use \(list(candidates))"
    }

    /// "a, b or c".
    static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }

    /// The least number of insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.prefix(lengthMax))
        let right = Array(right.prefix(lengthMax))
        var before: [Int] = []
        var previous = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(previous[column + 1] + 1, current[column] + 1)
                cost = min(cost, previous[column] + (character == other ? 0 : 1))
                if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                    cost = min(cost, before[column - 1] + 1)
                }
                current.append(cost)
            }
            before = previous
            previous = current
        }
        return previous[right.count]
    }

    /// Longer words are cut: no key of ours is near them.
    private static let lengthMax = 64
}
