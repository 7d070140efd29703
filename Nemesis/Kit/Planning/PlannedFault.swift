/// A fault with everything that was drawn for it.
public struct PlannedFault: Hashable, Sendable {
    /// Its number in the plan, from 1.
    public var number: Int
    /// When it begins, after the beginning of the faults.
    public var start: Duration
    /// What is done.
    public var kind: FaultKind
    /// To whom; a role such as `leader` is looked up when the time comes.
    public var target: String
    /// The other end of the link, if one link is meant.
    public var peer: String?
    /// How long it is kept up.
    public var lasting: Duration
    /// What else matters.
    public var detail: Detail

    /// What else matters about a fault.
    public enum Detail: Hashable, Sendable {
        /// Nothing.
        case none
        /// By how much the clock is off.
        case step(Duration)
        /// How long something is held up each time.
        case delay(Duration)
        /// How many bytes of a packet pass.
        case bytes(Int)
        /// Which direction is interrupted.
        case direction(LinkDirection)
        /// Whether what was held back is lost in the end, or arrives.
        case loses(Bool)
    }

    /// When it ends, after the beginning of the faults.
    public var end: Duration { start + lasting }
}

extension PlannedFault: CustomStringConvertible {
    /// One line for people.
    public var description: String {
        let name = kind.rawValue.padded(to: 26)
        let whom = (peer.map { "\(target) ↔ \($0)" } ?? target).padded(to: 26)
        let rest = [lasting > .zero ? "for \(lasting.inSeconds)" : "", detail.words].filter {
            !$0.isEmpty
        }
        return "+\(start.inMinutes)  \(name)\(whom)\(rest.joined(separator: ", "))"
    }
}

extension PlannedFault.Detail {
    /// The detail in words; empty for none.
    var words: String {
        switch self {
        case .none: ""
        case .step(let step): "clock off by \(step.inSeconds)"
        case .delay(let delay): "by \(delay.inSeconds) each time"
        case .bytes(let count): "after \(count) bytes"
        case .direction(.toServer): "what the process sends"
        case .direction(.toClient): "what the server sends"
        case .loses(true): "then reset"
        case .loses(false): "then delivered"
        }
    }
}

extension String {
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}

extension Duration {
    /// As in `4.2 s`.
    public var inSeconds: String {
        let tenths = (milliseconds + (milliseconds < 0 ? -50 : 50)) / 100
        let sign = tenths < 0 ? "-" : ""
        return "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10) s"
    }

    /// As in `01:23.4`.
    public var inMinutes: String {
        let tenths = milliseconds / 100
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(tenths / 600)):\(two(tenths / 10 % 60)).\(tenths % 10)"
    }

    /// Whole milliseconds.
    public var milliseconds: Int {
        Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
