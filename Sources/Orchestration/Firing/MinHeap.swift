/// A binary heap: the least element at hand, O(log n) for the rest.
public struct MinHeap<Element: Comparable> {
    private var elements: [Element] = []

    /// Creates an empty heap.
    public init() {}

    /// How many elements there are.
    public var count: Int { elements.count }

    /// The least element; `nil` when there is none.
    public var min: Element? { elements.first }

    /// All elements, in no particular order.
    public var unordered: [Element] { elements }

    /// Adds an element.
    public mutating func insert(_ element: Element) {
        elements.append(element)
        var index = elements.count - 1
        while index > 0, elements[index] < elements[(index - 1) / 2] {
            elements.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Removes and returns the least element; `nil` when there is none.
    public mutating func popMin() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let least = elements.first else { return last }
        elements[0] = last
        sink()
        return least
    }

    /// Removes everything.
    public mutating func removeAll() { elements.removeAll() }

    private mutating func sink() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < elements.count {
                if elements[child] < elements[least] { least = child }
            }
            if least == index { return }
            elements.swapAt(index, least)
            index = least
        }
    }
}

extension MinHeap: Sendable where Element: Sendable {}
