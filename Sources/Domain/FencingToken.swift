/// A number by which what tasks write to can refuse an attempt that later ones have superseded.
///
/// The number of the ZooKeeper transaction that journaled the attempt, and the attempt's place in it. An attempt is launched after it was
/// journaled, and by one incarnation only, so a later one has a greater number: whichever agent has it, whether it is a fire, a request or a
/// retry, and whoever leads.
public struct FencingToken: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number; positive.
    public let rawValue: Int64

    /// Creates the token of an attempt.
    ///
    /// - Parameters:
    ///   - transaction: The transaction that committed the attempt's segment.
    ///   - index: The attempt's place in the segment.
    ///   - base: How far ahead of ZooKeeper's own count the cluster's timeline is, in ZooKeeper epochs.
    public init(transaction: Int64, index: Int, base: Int32 = 0) {
        precondition((0..<Self.indexCount).contains(index), "no segment has an entry \(index)")
        let (counted, isBeyond) = (Int64(base) << 32).addingReportingOverflow(transaction)
        let (scaled, overflows) = counted.multipliedReportingOverflow(by: Int64(Self.indexCount))
        // Four million ZooKeeper epochs: nobody gets there.
        rawValue = isBeyond || overflows ? .max : scaled + Int64(index)
    }

    /// More than a segment has entries.
    private static let indexCount = 512

    /// The text that tasks see: a decimal number below 2^63.
    public var description: String { String(rawValue) }

    /// Orders by age.
    public static func < (left: FencingToken, right: FencingToken) -> Bool { left.rawValue < right.rawValue }
}
