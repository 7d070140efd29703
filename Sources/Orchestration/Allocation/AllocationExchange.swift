/// Brings overfull agents within their bound by chains of moves, where constraints leave no direct one.
///
/// The bounds are the rounded-up loads of a possible fractional split, so for tasks of equal weight there is always a
/// split within them, and augmenting paths (Ford and Fulkerson) always find it.
struct AllocationExchange {
    private(set) var board: AllocationBoard
    /// For each seat and group the pieces it holds, by index.
    private var held: [[Int: [Int]]]

    /// Prepares the exchange of what is on the board.
    init(board: AllocationBoard) {
        self.board = board
        held = board.seats.map { _ in [:] }
        for (piece, owner) in board.owners.enumerated() where owner >= 0 {
            held[owner][board.pieces[piece].group, default: []].append(piece)
        }
    }

    /// Moves one piece along each edge of a shortest chain until no seat is overfull or no chain is left.
    mutating func relieve() {
        for seat in board.seats.indices {
            while board.loads[seat] > board.seats[seat].limits.bound, let chain = chain(from: seat) {
                for edge in chain { move(edge) }
            }
        }
    }

    /// A piece of `group` goes from one seat to another.
    private struct Edge {
        var from: Int
        var to: Int
        var group: Int
    }

    /// The shortest chain of moves that ends at a seat with room, by breadth-first search.
    private func chain(from start: Int) -> [Edge]? {
        var arrivals: [Int: Edge] = [:]
        var seenGroups: Set<Int> = []
        var queue = [start]
        var next = 0
        while next < queue.count {
            let seat = queue[next]
            next += 1
            for group in held[seat].keys.sorted() where held[seat][group]?.isEmpty == false {
                guard seenGroups.insert(group).inserted else { continue }
                for target in board.groups[group] where target != start && arrivals[target] == nil {
                    arrivals[target] = Edge(from: seat, to: target, group: group)
                    if board.loads[target] < board.seats[target].limits.bound {
                        return chain(to: target, from: start, arrivals)
                    }
                    queue.append(target)
                }
            }
        }
        return nil
    }

    private func chain(to end: Int, from start: Int, _ arrivals: [Int: Edge]) -> [Edge] {
        var chain: [Edge] = []
        var seat = end
        while seat != start, let edge = arrivals[seat] {
            chain.append(edge)
            seat = edge.from
        }
        return chain.reversed()
    }

    /// Moves the piece that suits the target best, one that is new at its seat before one that would stay.
    private mutating func move(_ edge: Edge) {
        func cost(_ piece: Int) -> (Int, Double, Int) {
            let stays = board.pieces[piece].formerOwner == edge.from
            return (stays ? 1 : 0, board.score(piece, edge.to), piece)
        }
        let candidates = held[edge.from][edge.group, default: []]
        guard let place = candidates.indices.min(by: { cost(candidates[$0]) < cost(candidates[$1]) }) else {
            return
        }
        let piece = candidates[place]
        held[edge.from][edge.group, default: []].remove(at: place)
        held[edge.to][edge.group, default: []].append(piece)
        board.give(piece, to: edge.to)
    }
}
