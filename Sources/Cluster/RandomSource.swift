public import Domain
import Synchronization

/// Where a service's randomness comes from; the only way services draw it.
public final class RandomSource: Sendable {
    private let generator: Mutex<any RandomNumberGenerator & Sendable>

    /// Creates a source that draws from `generator`.
    public init(_ generator: any RandomNumberGenerator & Sendable) {
        self.generator = Mutex(generator)
    }

    /// 64 random bits.
    public func bits() -> UInt64 {
        generator.withLock { $0.next() }
    }

    /// 128 random bits as an identifier.
    public func identifier<Kind>(_ kind: Kind.Type = Kind.self) -> RandomID<Kind> {
        RandomID(high: bits(), low: bits())
    }

    /// A new task's uid.
    public func taskUID() -> TaskUID { TaskUID(bits: bits()) }

    /// A duration drawn evenly from `range`, in whole milliseconds.
    public func duration(in range: ClosedRange<Duration>) -> Duration {
        let span = (range.upperBound - range.lowerBound).components
        let milliseconds = UInt64(span.seconds) * 1_000 + UInt64(span.attoseconds / 1_000_000_000_000_000)
        return range.lowerBound + .milliseconds(Int64(bits() % (milliseconds + 1)))
    }
}
