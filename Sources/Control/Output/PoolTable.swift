import Domain
import Payloads

/// Shows pools and exclusive keys.
enum PoolTable {
    /// Many of them, one a line.
    static func table(_ pools: [PoolPayload]) -> Table {
        var table = Table([
            .init(title: "NAME"), .init(title: "KIND"), .init(title: "UNITS", isNumber: true),
            .init(title: "HELD", isNumber: true), .init(title: "WAITING", isNumber: true),
            .init(title: "TASKS", isNumber: true), .init(title: "DESCRIPTION", isElastic: true),
        ])
        for pool in pools {
            table.append([
                .init(pool.name.text), .init(kind(of: pool)), .init(String(pool.units)),
                .init(String(pool.held)), .init(String(pool.waiting), pool.waiting > 0 ? .warning : nil),
                .init(String(pool.tasks)), .init(pool.description ?? "-"),
            ])
        }
        return table
    }

    /// Everything about one.
    static func details(of pool: PoolPayload, _ time: TimeText) -> [(name: String, value: Table.Cell)] {
        var pairs: [(name: String, value: Table.Cell)] = [
            ("name", .init(pool.name.text, .strong)), ("kind", .init(kind(of: pool))),
        ]
        if let description = pool.description { pairs.append(("description", .init(description))) }
        pairs += [
            ("units", .init("\(pool.held) of \(pool.units) held")), ("tasks", .init(String(pool.tasks))),
        ]
        for entry in pool.holders ?? [] {
            let since = entry.since.map { " since \(time.absolute($0))" } ?? ""
            pairs.append(("held", .init("\(words(entry)) on \(entry.agent)\(since)")))
        }
        for entry in pool.queue ?? [] {
            let place = entry.position.map { "\($0). " } ?? ""
            pairs.append(
                ("waits", .init("\(place)\(words(entry)) on \(entry.agent), due \(time.absolute(entry.due))"))
            )
        }
        let hidden = pool.waiting - (pool.queue?.count ?? pool.waiting)
        if hidden > 0 { pairs.append(("waits", .init("and \(hidden) more"))) }
        return pairs
    }

    private static func kind(of pool: PoolPayload) -> String {
        pool.exclusive == true ? "exclusive key" : "pool"
    }

    private static func words(_ entry: PoolPayload.Entry) -> String {
        let attempt = entry.attempt == 1 ? "" : ", attempt \(entry.attempt)"
        return "\(entry.units) by run/\(entry.run)\(attempt) (\(entry.task))"
    }
}
