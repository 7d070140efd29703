import CenterClient
import Payloads

/// Reads lists that come in pages.
enum Paging {
    /// Elements of one request.
    private static let pageSize = 500

    /// The first `limit` elements of a list, page by page.
    static func all<Item: Sendable & Codable>(
        limit: Int,
        _ page: (_ position: String?, _ size: Int) async throws(CenterClientError) -> ListPayload<Item>
    ) async throws(CenterClientError) -> [Item] {
        let progress = Progress()
        var items: [Item] = []
        var position: String?
        repeat {
            let answer = try await page(position, min(pageSize, limit - items.count))
            items += answer.items
            position = answer.next
            progress.report("read \(items.count)")
        } while position != nil && items.count < limit
        progress.finish()
        return items
    }
}
