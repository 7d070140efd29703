import SimulationKit

extension SeededGenerator {
    /// A duration of whole milliseconds within a range of milliseconds.
    mutating func duration(_ milliseconds: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: milliseconds, using: &self))
    }

    /// One of the elements, of which there must be one.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        precondition(!elements.isEmpty, "there must be something to pick from")
        return elements[Int.random(in: 0..<elements.count, using: &self)]
    }

    /// Whether something happens that happens so many times out of a hundred.
    mutating func happens(percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
