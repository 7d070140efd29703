/// One page of a list.
public struct ListPayload<Item: Codable & Sendable>: Codable, Sendable {
    /// The elements of this page.
    public var items: [Item]
    /// Opaque position of the next page, to be given as `page`; absent on the last page.
    public var next: String?

    /// Creates a page.
    public init(items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }
}

extension ListPayload: Equatable where Item: Equatable {}
