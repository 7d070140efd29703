import Center
import Domain
import GRDB
import Logging
import Scheduling

/// Where a page of runs begins: just after this run, latest due first.
struct RunPosition: Hashable {
    var due: Int64
    var id: String

    init(due: Int64, id: String) {
        self.due = due
        self.id = id
    }

    /// The position in text that an earlier page gave; refuses anything else.
    init(parsing text: String) throws(CenterError) {
        let pieces = text.split(separator: ".", maxSplits: 1)
        guard pieces.count == 2, let due = Int64(pieces[0]), RunID(String(pieces[1])) != nil else {
            let message = "\"\(text)\" is not the position of a page; use the next of the page before"
            throw .invalid([ValidationProblem(field: "page", message: message)])
        }
        self.due = due
        id = String(pieces[1])
    }

    var text: String { "\(due).\(id)" }
}

/// A query for one page of runs.
struct RunListing {
    private var conditions: [String] = []
    private var arguments: [any DatabaseValueConvertible & Sendable] = []
    private let limit: Int

    init(_ filter: RunFilter, after position: RunPosition?, limit: Int) {
        self.limit = limit
        if let task = filter.task { restrict("task = ?", task.text) }
        if let runtime = filter.runtime { restrict("runtime = ?", runtime.text) }
        if let agent = filter.agent { restrict("instr(agents, ?) > 0", " \(agent) ") }
        if let since = filter.since { restrict("due >= ?", since.millisecondsSinceEpoch) }
        if let until = filter.until { restrict("due <= ?", until.millisecondsSinceEpoch) }
        if !filter.states.isEmpty {
            let marks = filter.states.map { _ in "?" }.joined(separator: ", ")
            restrict("state IN (\(marks))", filter.states.map(\.rawValue))
        }
        if let position {
            restrict("(due, id) < (?, ?)", position.due)
            arguments.append(position.id)
        }
    }

    /// The page, without the rows that cannot be read; one more row than asked for tells whether there is another.
    func page(_ db: Database, _ log: Logger) throws -> Page<Run> {
        let condition = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let sql = "SELECT due, id, body FROM run\(condition) ORDER BY due DESC, id DESC LIMIT \(limit + 1)"
        let rows = try Row.fetchAll(db, sql: sql, arguments: StatementArguments(arguments))
        let shown = rows.prefix(limit)
        let runs = shown.compactMap { RunTable.readable(id: $0["id"], body: $0["body"], log) }
        let last = shown.last.map { RunPosition(due: $0["due"], id: $0["id"]) }
        return Page(elements: runs, next: rows.count > limit ? last?.text : nil)
    }

    private mutating func restrict(_ condition: String, _ argument: any DatabaseValueConvertible & Sendable) {
        conditions.append(condition)
        arguments.append(argument)
    }

    private mutating func restrict(_ condition: String, _ list: [String]) {
        conditions.append(condition)
        arguments += list
    }
}
