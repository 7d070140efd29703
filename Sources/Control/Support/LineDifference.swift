/// Compares texts line by line.
enum LineDifference {
    /// The lines of both texts: `-` only in the first, `+` only in the second, a space in both.
    static func lines(from before: String, to after: String) -> [String] {
        let old = lines(of: before)
        let new = lines(of: after)
        let difference = new.difference(from: old)
        let removed = Set(difference.removals.map(Self.offset))
        let inserted = Set(difference.insertions.map(Self.offset))
        var result: [String] = []
        var (oldIndex, newIndex) = (0, 0)
        while oldIndex < old.count || newIndex < new.count {
            if oldIndex < old.count, removed.contains(oldIndex) {
                result.append("- " + old[oldIndex])
                oldIndex += 1
            } else if newIndex < new.count, inserted.contains(newIndex) {
                result.append("+ " + new[newIndex])
                newIndex += 1
            } else {
                result.append("  " + old[oldIndex])
                oldIndex += 1
                newIndex += 1
            }
        }
        return result
    }

    private static func lines(of text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func offset(_ change: CollectionDifference<Substring>.Change) -> Int {
        switch change {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}
