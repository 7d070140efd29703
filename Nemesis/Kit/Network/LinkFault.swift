/// A direction in which bytes travel.
public enum LinkDirection: Hashable, Sendable, CaseIterable {
    /// From who connected to who listens.
    case toServer
    /// From who listens to who connected.
    case toClient
}

/// What is wrong with a link between two processes.
public enum LinkFault: Hashable, Sendable {
    /// Nothing passes, and nobody is told; what was sent waits.
    case halfOpen
    /// Nothing passes in one direction; what was sent waits.
    case oneWay(LinkDirection)
    /// New connections are reset.
    case reset
    /// Everything comes so much later.
    case delay(Duration)
    /// A connection is reset after so many bytes of its next packet in a direction.
    case truncate(Int)

    /// Whether it holds back what goes in a direction.
    func holds(_ direction: LinkDirection) -> Bool {
        switch self {
        case .halfOpen: true
        case .oneWay(let blocked): blocked == direction
        case .reset, .delay, .truncate: false
        }
    }
}
