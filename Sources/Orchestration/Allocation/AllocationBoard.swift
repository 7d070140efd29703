/// The planner's work in progress: who owns what, by index, and how loaded everyone is.
struct AllocationBoard {
    /// A task on the board.
    struct Piece {
        /// Of the part, for scores.
        var hash: UInt64
        var weight: Int
        /// Index of the tasks it shares its eligible agents with.
        var group: Int
        /// Index of the task whose parts prefer different seats; `nil` when it is the only part.
        var family: Int?
        /// Index of the owner before the plan, if that one is eligible.
        var formerOwner: Int?
    }

    /// An agent on the board.
    struct Seat {
        /// Of the name, for scores.
        var hash: UInt64
        var weight: Double
        var limits: AllocationLimits
    }

    let pieces: [Piece]
    let seats: [Seat]
    /// The eligible seats of each group.
    let groups: [[Int]]
    /// The owner of each piece; -1 while it has none.
    private(set) var owners: [Int]
    /// The summed weight each seat holds.
    private(set) var loads: [Int]
    /// How many parts of a task with several each seat holds.
    private var siblings: [Relation: Int] = [:]

    private struct Relation: Hashable {
        var family: Int
        var seat: Int
    }

    /// Puts every piece on its former owner's seat.
    init(pieces: [Piece], seats: [Seat], groups: [[Int]]) {
        self.pieces = pieces
        self.seats = seats
        self.groups = groups
        owners = pieces.map { $0.formerOwner ?? -1 }
        loads = seats.map { _ in 0 }
        for (piece, owner) in owners.enumerated() where owner >= 0 {
            loads[owner] += pieces[piece].weight
            count(piece, at: owner, 1)
        }
    }

    /// The pair's score; lower is better.
    func score(_ piece: Int, _ seat: Int) -> Double {
        AllocationScore.of(task: pieces[piece].hash, agent: seats[seat].hash, weight: seats[seat].weight)
    }

    /// Gives a piece to a seat.
    mutating func give(_ piece: Int, to seat: Int) {
        if owners[piece] >= 0 {
            loads[owners[piece]] -= pieces[piece].weight
            count(piece, at: owners[piece], -1)
        }
        owners[piece] = seat
        loads[seat] += pieces[piece].weight
        count(piece, at: seat, 1)
    }

    private mutating func count(_ piece: Int, at seat: Int, _ change: Int) {
        guard let family = pieces[piece].family else { return }
        siblings[Relation(family: family, seat: seat), default: 0] += change
    }

    /// How many other parts of the piece's task a seat holds.
    private func siblings(of piece: Int, at seat: Int) -> Int {
        pieces[piece].family.flatMap { siblings[Relation(family: $0, seat: seat)] } ?? 0
    }

    /// How much a seat wants a weight: by the first limit that its load would stay within.
    private enum Room: Int {
        case belowFloor, belowShare, aboutShare, withinBound, full
    }

    private func room(_ seat: Int, for weight: Int) -> Room {
        let load = loads[seat] + weight
        let limits = seats[seat].limits
        if load <= limits.floor { return .belowFloor }
        if load <= limits.share { return .belowShare }
        if load <= limits.shareRoundedUp { return .aboutShare }
        return load <= limits.bound ? .withinBound : .full
    }

    /// The seat other than `excluded` that the piece prefers among those that want it most; `nil` when all are full.
    ///
    /// Parts of one task prefer seats that have few of it.
    func preferredSeat(_ piece: Int, except excluded: Int? = nil) -> Int? {
        let weight = pieces[piece].weight
        var best: Int?
        var bestRoom = Room.full
        var bestRank = (0, 0.0)
        for seat in groups[pieces[piece].group] where seat != excluded {
            let room = room(seat, for: weight)
            guard room != .full, room.rawValue <= bestRoom.rawValue else { continue }
            let rank = (siblings(of: piece, at: seat), score(piece, seat))
            if room != bestRoom || rank < bestRank { (best, bestRoom, bestRank) = (seat, room, rank) }
        }
        return best
    }

    /// The eligible seat whose load is the least in relation to its weight, whatever its limits.
    func emptiestSeat(_ piece: Int) -> Int? {
        groups[pieces[piece].group].min { first, second in
            (Double(loads[first]) / seats[first].weight, first) < (
                Double(loads[second]) / seats[second].weight, second
            )
        }
    }

    /// Gives every piece without an owner to somebody, beyond the limits if nobody eligible has room.
    ///
    /// Pieces with few possible seats choose first, then heavy ones, then by hash so that names have no influence.
    mutating func placeHomeless() {
        let homeless = owners.indices.filter { owners[$0] < 0 }.sorted { left, right in
            let (first, second) = (pieces[left], pieces[right])
            let (firstSeats, secondSeats) = (groups[first.group].count, groups[second.group].count)
            return (firstSeats, second.weight, first.hash, left) < (
                secondSeats, first.weight, second.hash, right
            )
        }
        for piece in homeless {
            guard let seat = preferredSeat(piece) ?? emptiestSeat(piece) else { continue }
            give(piece, to: seat)
        }
    }
}
