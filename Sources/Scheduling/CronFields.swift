/// The parsed fields of an expression, before they are compiled for searching.
struct CronFields: Hashable, Sendable {
    var second: CronField
    var minute: CronField
    var hour: CronField
    var dayOfMonth: CronField
    var month: CronField
    var dayOfWeek: CronField
    /// Absent unless the expression has seven fields.
    var year: CronField?

    /// Whether seconds were written.
    var hasSeconds: Bool

    /// Whether both day fields must match, as OCPS writes with a `+`.
    var joinsDays = false

    /// Parses 5, 6 (seconds first) or 7 (year last) fields, or a macro such as `@daily`.
    init(_ text: String, dialect: Dialect) throws(ScheduleError) {
        let expression = try Self.withoutMacro(text, dialect: dialect)
        let cursor = TextCursor(expression)
        let words = Self.words(of: cursor)
        try Self.check(words, of: text)
        let kinds: ArraySlice<CronFieldKind> =
            switch words.count {
            case 5: CronFieldKind.allCases[1...5]
            case 6: CronFieldKind.allCases[0...5]
            default: CronFieldKind.allCases[...]
            }
        var fields: [CronField] = words.count == 5 ? [.implied(0)] : []
        var joinsDays = false
        for (kind, written) in zip(kinds, words) {
            var word = written
            if dialect == .ocps {
                var grammar = OCPSGrammar(kind, cursor: TextCursor(cursor, range: word))
                let beginning = try grammar.check()
                joinsDays = joinsDays || beginning > word.lowerBound
                word = beginning..<word.upperBound
            }
            var parser = CronFieldParser(kind, dialect: dialect, cursor: TextCursor(cursor, range: word))
            fields.append(try parser.field())
        }
        self.init(fields, hasSeconds: words.count > 5)
        self.joinsDays = joinsDays
        if Self.isEvent(text, dialect) { year = CronField(terms: [], position: 0) }
    }

    private init(_ fields: [CronField], hasSeconds: Bool) {
        precondition(fields.count >= 6, "an expression has at least six fields once seconds are implied")
        second = fields[0]
        minute = fields[1]
        hour = fields[2]
        dayOfMonth = fields[3]
        month = fields[4]
        dayOfWeek = fields[5]
        year = fields.count > 6 ? fields[6] : nil
        self.hasSeconds = hasSeconds
    }

    /// The ranges of the words between white space.
    private static func words(of cursor: TextCursor) -> [Range<Int>] {
        var cursor = cursor
        var words: [Range<Int>] = []
        while true {
            _ = cursor.takeWhile(\.isSpace)
            let start = cursor.position
            guard !cursor.takeWhile({ !$0.isSpace }).isEmpty else { return words }
            words.append(start..<cursor.position)
        }
    }

    private static func check(_ words: [Range<Int>], of text: String) throws(ScheduleError) {
        if let prefix = words.first, text.utf8.contains(UInt8(ascii: "=")), text.uppercased().contains("TZ=")
        {
            let reason = "an expression names no time zone: give the zone as timeZone instead"
            throw ScheduleError(reason, at: prefix.lowerBound)
        }
        guard !(5...7).contains(words.count) else { return }
        let position = words.count > 7 ? words[7].lowerBound : words.last?.upperBound ?? 0
        let found = words.isEmpty ? "none" : "\(words.count)"
        throw ScheduleError(
            "expected 5, 6 (seconds first) or 7 (year last) fields, found \(found)",
            at: position
        )
    }
}

extension CronFields {
    /// The macros, with names instead of weekday numbers because these depend on the dialect.
    private static let macros: [(name: String, expression: String)] = [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * SUN"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        ("@every_minute", "* * * * *"),
        ("@every_second", "* * * * * *"),
    ]

    /// The macros of OCPS; the fields of `@reboot` are never looked at.
    private static let ocpsMacros =
        macros.filter { !$0.name.hasPrefix("@every") } + [("@reboot", "0 0 1 1 *")]

    /// What only OCPS counts as an expression: `@reboot` is an event, which no clock brings about.
    private static func isEvent(_ text: String, _ dialect: Dialect) -> Bool {
        dialect == .ocps && text.drop(while: \.isWhitespace).prefix(7).lowercased() == "@reboot"
    }

    /// Whether the fields stand for an event rather than for times.
    var isEvent: Bool { year?.terms.isEmpty ?? false }

    /// How the two day fields combine, given the rule of the expression's options.
    func daysRule(_ rule: DaysRule) -> DaysRule { joinsDays ? .both : rule }

    private static func withoutMacro(_ text: String, dialect: Dialect) throws(ScheduleError) -> String {
        var cursor = TextCursor(text)
        _ = cursor.takeWhile(\.isSpace)
        let start = cursor.position
        guard cursor.next == UInt8(ascii: "@") else { return text }
        let word = String(decoding: cursor.takeWhile { !$0.isSpace }.map(\.lowercased), as: UTF8.self)
        if word == "@reboot", dialect != .ocps {
            throw ScheduleError(
                "@reboot is no time: write a schedule with onAgentStart: true instead",
                at: start
            )
        }
        if word == "@every" {
            throw ScheduleError(
                "@every is no cron expression: give the interval as every, for example every: 90s",
                at: start
            )
        }
        let macros = dialect == .ocps ? ocpsMacros : macros
        guard let macro = macros.first(where: { $0.name == word }) else {
            let names = macros.map(\.name).joined(separator: ", ")
            throw ScheduleError("unknown macro '\(word)': use one of \(names)", at: start)
        }
        _ = cursor.takeWhile(\.isSpace)
        guard cursor.isAtEnd else {
            throw ScheduleError("nothing may follow \(macro.name): remove the rest", at: cursor.position)
        }
        return macro.expression
    }
}

extension CronFields {
    /// Whether the task's name decides something.
    var dependsOnTask: Bool {
        [second, minute, hour, dayOfMonth, month, dayOfWeek].contains(where: \.dependsOnTask)
    }

    /// The fields with what depends on the task's name decided, each by itself; `pick` gives a number for a field,
    /// below the one it is given.
    func spread(by pick: (_ kind: CronFieldKind, _ count: Int) -> Int) -> CronFields {
        guard dependsOnTask else { return self }
        var fields = self
        fields.second = second.spread(.second) { pick(.second, $0) }
        fields.minute = minute.spread(.minute) { pick(.minute, $0) }
        fields.hour = hour.spread(.hour) { pick(.hour, $0) }
        fields.dayOfMonth = dayOfMonth.spread(.dayOfMonth) { pick(.dayOfMonth, $0) }
        fields.month = month.spread(.month) { pick(.month, $0) }
        fields.dayOfWeek = dayOfWeek.spread(.dayOfWeek) { pick(.dayOfWeek, $0) }
        return fields
    }

    /// The fields of the task that `hash` belongs to.
    func spread(by hash: SpreadHash) -> CronFields {
        spread { kind, count in hash.value(for: kind.name, below: count) }
    }
}
