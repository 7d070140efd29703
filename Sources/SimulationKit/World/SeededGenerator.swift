/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators"): equal seeds, equal numbers.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Creates a generator.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension SeededGenerator {
    /// A generator of its own for a part of the world, so that the parts do not draw from each other.
    public mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }

    /// True with the given probability, between 0 and 1.
    public mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) / Double(1 << 53) < probability
    }

    /// A number from 0 up to, not including, `count`, which is positive.
    public mutating func index(below count: Int) -> Int {
        precondition(count > 0, "nothing to choose from")
        return Int(next() % UInt64(count))
    }

    /// One of the elements; `nil` when there is none.
    public mutating func element<Element>(of elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[index(below: elements.count)]
    }

    /// A duration in whole microseconds, drawn evenly from the range.
    public mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        let span = (range.upperBound - range.lowerBound).components
        let microseconds = UInt64(span.seconds) * 1_000_000 + UInt64(span.attoseconds / 1_000_000_000_000)
        return range.lowerBound + .microseconds(Int64(next() % (microseconds + 1)))
    }
}
