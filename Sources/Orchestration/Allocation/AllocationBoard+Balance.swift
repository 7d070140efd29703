extension AllocationBoard {
    /// Lets seats that hold far less than their share, newcomers that is, take it from those above theirs.
    mutating func feedStarved() {
        for seat in seats.indices where loads[seat] < seats[seat].limits.starvation { feed(seat) }
    }

    /// Takes the pieces that prefer `seat` most, first from overfull seats, then from any that keep their share.
    private mutating func feed(_ seat: Int) {
        let isOpen = groups.map { $0.contains(seat) }
        let candidates = pieces.indices
            .filter { isOpen[pieces[$0].group] && owners[$0] != seat && isAboveShare(owners[$0]) }
            .map { (piece: $0, score: score($0, seat)) }
            .sorted { ($0.score, $0.piece) < ($1.score, $1.piece) }
        for isOverfullOnly in [true, false] {
            for (piece, _) in candidates where owners[piece] != seat {
                let donor = seats[owners[piece]].limits
                let rest = loads[owners[piece]] - pieces[piece].weight
                guard isOverfullOnly ? loads[owners[piece]] > donor.bound : rest >= donor.share else {
                    continue
                }
                guard loads[seat] + pieces[piece].weight <= seats[seat].limits.share else { continue }
                give(piece, to: seat)
            }
        }
    }

    private func isAboveShare(_ seat: Int) -> Bool { loads[seat] > seats[seat].limits.share }

    /// Makes seats above their bound hand over what is too much.
    mutating func relieveOverfull() {
        for seat in seats.indices where isOverfull(seat) { shed(seat) }
        guard seats.indices.contains(where: isOverfull), pieces.allSatisfy({ $0.weight == 1 }) else { return }
        var exchange = AllocationExchange(board: self)
        exchange.relieve()
        self = exchange.board
    }

    private func isOverfull(_ seat: Int) -> Bool { loads[seat] > seats[seat].limits.bound }

    /// Hands pieces directly to seats with room: first those that are new here anyway, then those that like it least.
    private mutating func shed(_ seat: Int) {
        let held = pieces.indices.filter { owners[$0] == seat && groups[pieces[$0].group].count > 1 }
            .map { (piece: $0, stays: pieces[$0].formerOwner == seat, score: score($0, seat)) }
            .sorted { left, right in
                if left.stays != right.stays { return !left.stays }
                return (left.score, left.piece) > (right.score, right.piece)
            }
        for (piece, _, _) in held {
            guard isOverfull(seat) else { return }
            if let target = preferredSeat(piece, except: seat) { give(piece, to: target) }
        }
    }
}
