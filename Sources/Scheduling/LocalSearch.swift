/// Local times at which something fires, counted in seconds from 1970-01-01T00:00:00 local time.
protocol LocalPattern {
    /// The first such time at or after `local`; `nil` when there is none until the end of 2199.
    func nextLocal(atOrAfter local: Int) -> Int?
}

/// Finds the instants at which the local times of a pattern come in a zone.
struct LocalSearch {
    /// When the zone's offset changes.
    let transitions: ZoneTransitions
    /// What happens to local times that do not exist.
    let gap: GapRule
    /// Whether local times that exist twice fire twice.
    let firesTwiceInOverlaps: Bool

    /// The first instant at or after `instant`.
    func next(of pattern: some LocalPattern, atOrAfter instant: Instant) -> Instant? {
        let (seconds, milliseconds) = instant.wholeSeconds
        return next(of: pattern, atOrAfterSecond: milliseconds == 0 ? seconds : seconds + 1)
    }

    /// Searches the local time line of one span of constant offset after the other.
    func next(of pattern: some LocalPattern, atOrAfterSecond second: Int) -> Instant? {
        // Beginning a second early, a gap that ends exactly at `second` is still seen.
        var span = transitions.span(containing: second - 1)
        var local = max(second + span.offset, firstLocal(of: span))
        while let match = pattern.nextLocal(atOrAfter: local) {
            if match - span.offset < span.end {
                return Instant(secondsSinceEpoch: match - span.offset)
            }
            let next = transitions.span(containing: span.end)
            if match < next.start + next.offset {
                // The match lies in the gap before `next`: local times jump over it.
                if gap == .run { return Instant(secondsSinceEpoch: next.start) }
                local = next.start + next.offset
            } else {
                // After putting clocks back earlier local times come again; else the match stays the next.
                local = min(match, firstLocal(of: next))
            }
            span = next
            guard local == match else { continue }
            // Nothing matches between here and the match, so the spans in between need no look. No zone has
            // ever been two days away from UTC.
            let near = transitions.span(containing: match - 2 * 86_400)
            if near.start > span.start { span = near }
        }
        return nil
    }

    /// The first local second of a span that may fire: not those which repeat, unless they fire twice.
    private func firstLocal(of span: ZoneSpan) -> Int {
        guard span.start != .min else { return .min }
        return span.start + (firesTwiceInOverlaps ? span.offset : max(span.offset, span.previousOffset))
    }
}
