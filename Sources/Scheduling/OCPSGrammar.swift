/// Checks one field of an expression against the Open Cron Pattern Specification, which allows less than we do.
///
/// What passes means the same in CloudTask's own grammar, but for the `+` before a day of the week and for `#L`.
struct OCPSGrammar {
    private let kind: CronFieldKind
    private var cursor: TextCursor

    /// Prepares to check what `cursor` reads, a whole field.
    init(_ kind: CronFieldKind, cursor: TextCursor) {
        self.kind = kind
        self.cursor = cursor
    }

    /// Refuses the field, or returns where it begins without a `+`.
    mutating func check() throws(ScheduleError) -> Int {
        if kind == .dayOfWeek { _ = cursor.take("+") }
        let start = cursor.position
        let terms = terms()
        for term in terms { try check(term, isAlone: terms.count == 1) }
        return start
    }

    private struct Term {
        var text: String
        var position: Int
    }

    private mutating func terms() -> [Term] {
        var terms: [Term] = []
        repeat {
            let position = cursor.position
            let bytes = cursor.takeWhile { $0 != UInt8(ascii: ",") }
            terms.append(Term(text: String(decoding: bytes, as: UTF8.self), position: position))
        } while cursor.take(",")
        return terms
    }

    private func check(_ term: Term, isAlone: Bool) throws(ScheduleError) {
        let isDay = kind == .dayOfMonth || kind == .dayOfWeek
        if term.text.contains("?") {
            guard isDay else { throw refusal(term, "'?' stands in the day fields only: write *") }
            guard isAlone, term.text == "?" else { throw refusal(term, "'?' stands alone: write * instead") }
        }
        if isDay, term.text.contains(where: { "lw".contains($0) }), !isName(term.text) {
            throw refusal(term, "L and W are capitals: write '\(term.text.uppercased())'")
        }
        if kind == .dayOfMonth, term.text.contains("W"), !isAlone || term.text.contains("-") {
            throw refusal(term, "W stands for a single day, not in a list or range: write two schedules")
        }
        if kind == .dayOfMonth, term.text.hasPrefix("L-") {
            throw refusal(term, "OCPS knows no '\(term.text)': write L, or use the unix dialect")
        }
        if term.text.uppercased().hasPrefix("H") {
            throw refusal(term, "OCPS knows no '\(term.text)': use the unix dialect, or jitter")
        }
        try checkNames(term)
        try checkRange(term)
    }

    /// Whether the text is a name with a suffix, so that an `l` in it is no modifier.
    private func isName(_ text: String) -> Bool {
        kind == .dayOfWeek && text.allSatisfy(\.isLetter) && text.last != "l"
    }

    private func checkNames(_ term: Term) throws(ScheduleError) {
        for word in term.text.split(whereSeparator: { !$0.isLetter }) {
            let name = kind == .dayOfWeek && word.last == "L" ? word.dropLast() : word
            guard name.count > 3, kind.value(named: String(name), in: .ocps) != nil else { continue }
            throw refusal(term, "names have three letters: write '\(name.prefix(3).uppercased())'")
        }
    }

    private func checkRange(_ term: Term) throws(ScheduleError) {
        let parts = term.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bounds = (parts.first ?? "").split(separator: "-", omittingEmptySubsequences: false)
        if parts.count > 1, parts[0] != "*", bounds.count != 2 {
            let last = kind.numbers(in: .ocps).upperBound
            throw refusal(term, "a step needs a range: write '\(parts[0])-\(last)/\(parts[1])'")
        }
        guard bounds.count == 2, let first = value(bounds[0]), let last = value(bounds[1]), first > last
        else { return }
        throw refusal(
            term,
            "the range ends before it begins: write it in two parts, or use the unix dialect"
        )
    }

    private func value(_ text: Substring) -> Int? {
        Int(text) ?? kind.value(named: String(text), in: .ocps)
    }

    private func refusal(_ term: Term, _ reason: String) -> ScheduleError {
        ScheduleError(reason, at: term.position)
    }
}
