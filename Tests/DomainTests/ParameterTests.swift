import Domain
import Foundation
import Scheduling
import Testing

/// A value of a parameter, and what is said of it.
struct ValueCase: CustomTestStringConvertible, Sendable {
    var parameter: Parameter
    var value: String
    var fault: String?

    var testDescription: String { "\(parameter.kind.rawValue) \(value)" }
}

/// A text and a pattern.
struct PatternCase: CustomTestStringConvertible, Sendable {
    var pattern: String
    var matching: [String]
    var others: [String]

    var testDescription: String { pattern }
}

@Suite struct ParameterTests {
    static func specification(
        _ parameters: [Parameter],
        command: [String] = ["true"],
        environment: [String: String] = [:],
        schedules: [Schedule] = []
    ) -> TaskSpecification {
        TaskSpecification(
            name: TaskID("report")!,
            action: .command(command),
            environment: environment,
            parameters: parameters,
            schedules: schedules
        )
    }

    @Test(
        "values are checked by type, limits, choices and pattern",
        arguments: [
            ValueCase(parameter: .init(name: "p"), value: "", fault: nil),
            ValueCase(parameter: .init(name: "p", kind: .number), value: "-0.5", fault: nil),
            ValueCase(parameter: .init(name: "p", kind: .number), value: "1e3", fault: nil),
            ValueCase(
                parameter: .init(name: "p", kind: .number),
                value: "0x10",
                fault: "must be a number such as 12 or -0.5, not '0x10'"
            ),
            ValueCase(
                parameter: .init(name: "p", kind: .number),
                value: "nan",
                fault: "must be a number such as 12 or -0.5, not 'nan'"
            ),
            ValueCase(
                parameter: .init(name: "p", kind: .number, least: "1"),
                value: "0",
                fault: "must be at least 1, not 0"
            ),
            ValueCase(
                parameter: .init(name: "p", kind: .number, greatest: "9"),
                value: "10",
                fault: "must be at most 9, not 10"
            ),
            ValueCase(parameter: .init(name: "p", kind: .boolean), value: "true", fault: nil),
            ValueCase(
                parameter: .init(name: "p", kind: .boolean),
                value: "yes",
                fault: "must be true or false, not 'yes'"
            ),
            ValueCase(
                parameter: .init(name: "p", kind: .choice, choices: ["fast", "full"]),
                value: "slow",
                fault: "must be one of fast, full, not 'slow'"
            ),
            ValueCase(parameter: .init(name: "p", kind: .date), value: "2024-02-29", fault: nil),
            ValueCase(
                parameter: .init(name: "p", kind: .date),
                value: "2025-02-29",
                fault: "must be a day such as 2026-03-29, not '2025-02-29'"
            ),
            ValueCase(
                parameter: .init(name: "p", kind: .date, least: "2026-01-01"),
                value: "2025-12-31",
                fault: "must be 2026-01-01 or later, not 2025-12-31"
            ),
            ValueCase(parameter: .init(name: "p", pattern: "[a-z]+"), value: "ab", fault: nil),
            ValueCase(
                parameter: .init(name: "p", pattern: "[a-z]+"),
                value: "a1",
                fault: "must match [a-z]+, which 'a1' does not"
            ),
            ValueCase(
                parameter: .init(name: "p"),
                value: "a\0",
                fault: "contains a NUL character, which no program can receive"
            ),
        ]
    )
    func values(testCase: ValueCase) {
        #expect(testCase.parameter.fault(of: testCase.value) == testCase.fault)
    }

    @Test(
        "patterns match whole texts",
        arguments: [
            PatternCase(pattern: "abc", matching: ["abc"], others: ["ab", "abcd", "xabc"]),
            PatternCase(pattern: "^a.c$", matching: ["abc", "a/c"], others: ["ac"]),
            PatternCase(pattern: "a|bc|", matching: ["a", "bc", ""], others: ["ab", "abc"]),
            PatternCase(pattern: "[a-c1]*", matching: ["", "abc1"], others: ["d"]),
            PatternCase(pattern: "[^/]+", matching: ["a b"], others: ["a/b", ""]),
            PatternCase(pattern: "[]-]", matching: ["]", "-"], others: ["a"]),
            PatternCase(pattern: #"\d{4}-\d{2}"#, matching: ["2026-03"], others: ["2026-3", "x026-03"]),
            PatternCase(pattern: "(ab){2,3}", matching: ["abab", "ababab"], others: ["ab", "abababab"]),
            PatternCase(pattern: "x{2,}", matching: ["xx", "xxxx"], others: ["x"]),
            PatternCase(pattern: #"\w+\.csv"#, matching: ["a_1.csv"], others: ["a_1xcsv", ".csv"]),
            PatternCase(pattern: "colou?r", matching: ["color", "colour"], others: ["colouur"]),
            PatternCase(
                pattern: "(a*)*b",
                matching: ["b", "aab"],
                others: [String(repeating: "a", count: 4_000)]
            ),
        ]
    )
    func patterns(testCase: PatternCase) throws {
        let pattern = try ParameterPattern(testCase.pattern)
        for text in testCase.matching { #expect(pattern.matches(text), "\(text)") }
        for text in testCase.others { #expect(!pattern.matches(text), "\(text.prefix(20))") }
    }

    @Test(
        "patterns that cannot be read say why",
        arguments: [
            ("(a", "a '(' is not closed"), ("a)", "a ')' has no '(' before it"),
            ("[a", "a '[' is not closed"),
            ("*a", "there is nothing before '*' to repeat"), ("a{2", "a '{' is not closed"),
            ("a{5,2}", "'{5,2}' is no repetition: write {3}, {2,} or {2,5}"),
            ("[z-a]", "'z-a' is a range backwards"),
            (#"\b"#, #"'\b' is not supported: there are \d, \w and \s"#),
            ("(?i)a", "'(?' is not supported: groups are only groups"),
            (#"a\"#, "a backslash stands at its end"),
            ("((a{900}){900}){900}", "its repetitions are too large together"),
        ]
    )
    func badPatterns(pattern: String, message: String) {
        let error = #expect(throws: ParameterPattern.Mistake.self) { try ParameterPattern(pattern) }
        #expect(error?.message == message)
    }

    @Test("what is wrong with parameters is said with the field")
    func problems() throws {
        let daily = [try Schedule.every(IntervalSchedule(every: .seconds(60)))]
        let cases: [(TaskSpecification, String, String)] = [
            (Self.specification([.init(name: "1st")]), "parameters[0].name", "is not a parameter's name"),
            (
                Self.specification([.init(name: "a-b"), .init(name: "a.b")]), "parameters[1].name",
                "parameter a.b and a-b both become CLOUDTASK_PARAM_A_B: rename one"
            ),
            (
                Self.specification([.init(name: "a"), .init(name: "a")]), "parameters[1].name",
                "is given twice"
            ),
            (
                Self.specification([.init(name: "a", defaultValue: "x", isRequired: true)]),
                "parameters[0].required",
                "is required and has a default"
            ),
            (
                Self.specification([.init(name: "a", kind: .number, defaultValue: "x")]),
                "parameters[0].default", "must be a number"
            ),
            (
                Self.specification([.init(name: "a", kind: .number, least: "9", greatest: "1")]),
                "parameters[0].min", "exchange them"
            ),
            (
                Self.specification([.init(name: "a", least: "9")]), "parameters[0].min",
                "only numbers and dates"
            ),
            (
                Self.specification([.init(name: "a", kind: .choice)]), "parameters[0].choices",
                "has no choices"
            ),
            (
                Self.specification([.init(name: "a", choices: ["x"])]), "parameters[0].choices",
                "write type: choice"
            ),
            (
                Self.specification([.init(name: "a", kind: .date, pattern: "x")]), "parameters[0].pattern",
                "only strings"
            ),
            (Self.specification([.init(name: "a", pattern: "(")]), "parameters[0].pattern", "cannot be read"),
            (
                Self.specification([.init(name: "a", isRequired: true)], schedules: daily),
                "parameters[0].required",
                "give it a default instead, or remove the schedules"
            ),
            (
                Self.specification([], command: ["echo", "${{ nodes }}"]), "command[1]",
                "'${{ nodes }}' is no field"
            ),
            (Self.specification([], command: ["${{ task"]), "command[0]", "a '${{' has no '}}' behind it"),
            (
                Self.specification([], environment: ["A": "${{ parameters.x }}"]), "environment.A",
                "names no parameter of the task"
            ),
            (
                Self.specification([.init(name: "x")], command: ["echo", "${{parameters.x}}"]), "command[1]",
                "may have no value: give it a default or required: true"
            ),
        ]
        for (specification, field, message) in cases {
            let problems = specification.problems
            #expect(
                problems.contains { $0.field == field && $0.message.contains(message) },
                "\(field): \(problems)"
            )
        }
        let good = Self.specification(
            [.init(name: "day", kind: .date, isRequired: true), .init(name: "note")],
            command: ["echo", "${{ parameters.day }}", "$${{ kept }}"]
        )
        #expect(good.problems.isEmpty)
    }

    @Test("all that is wrong with the values of a run is told at once")
    func runValues() {
        let task = Self.specification([
            .init(name: "day", kind: .date, isRequired: true),
            .init(name: "mode", kind: .choice, choices: ["fast", "full"]),
        ])
        let problems = task.problems(withValues: ["mode": "slow", "day2": "x"])
        #expect(problems.map(\.field) == ["parameters.day2", "parameters.mode", "parameters.day"])
        #expect(problems[0].message == "task report has no parameter 'day2': it has day, mode")
        #expect(problems[1].message == "parameter mode must be one of fast, full, not 'slow'")
        #expect(problems[2].message == "parameter day is required: give it a value")
        #expect(task.problems(withValues: ["day": "2026-03-29"]).isEmpty)
        let large = Self.specification([.init(name: "text")])
        let size = large.problems(withValues: ["text": String(repeating: "x", count: 17_000)])
        #expect(size.map(\.field) == ["parameters"])
    }

    @Test("templates fill in a closed set of fields, and nothing reads what was filled in again")
    func templates() throws {
        let due = try #require(Instant(rfc3339: "2026-03-29T01:30:00Z"))
        var fire = JournaledFire(
            attempt: AttemptID(run: RunID(FireKey(uid: TaskUID(bits: 7), due: due)), number: 2),
            task: TaskID("report")!,
            uid: TaskUID(bits: 7),
            part: 3,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: .launch
        )
        let values = ["a": "${{ task }}; rm -rf /", "b.c": ""]
        func render(_ text: String) -> String {
            Template.render(text, TemplateFacts(fire: fire, node: "agent-1", parameters: values))
        }
        #expect(render("${{ parameters.a }}") == "${{ task }}; rm -rf /")
        #expect(render("[${{parameters.b.c}}]") == "[]")
        #expect(
            render("${{ task }} ${{run}} ${{ attempt }} ${{ node }} ${{ part }}")
                == "report \(fire.attempt.run) 2 agent-1 3"
        )
        #expect(render("${{ due }} ${{ due.date }}") == "\(due) 2026-03-29")
        #expect(render("$${{ task }}") == "${{ task }}")
        #expect(render("${{ unknown }}") == "${{ unknown }}")
        fire.terms = RunTerms(meantFor: Instant(rfc3339: "2020-02-02T00:00:00Z"))
        #expect(render("${{ due.date }}") == "2020-02-02")
    }

    @Test("parameters keep their JSON form; values may be texts, numbers or truth values")
    func coding() throws {
        let text =
            #"{"name":"t","command":["true"],"parameters":[{"name":"n","type":"number","default":5,"max":9.5},{"name":"f","type":"boolean","default":true}]}"#
        let task = try JSONDecoder().decode(TaskSpecification.self, from: Data(text.utf8))
        #expect(task.parameters.map(\.defaultValue) == ["5", "true"])
        #expect(task.parameters[0].greatest == "9.5")
        let again = try JSONDecoder().decode(TaskSpecification.self, from: try JSONEncoder().encode(task))
        #expect(again == task)
        let plain = TaskSpecification(name: TaskID("t")!, action: .command(["true"]))
        #expect(!String(decoding: try JSONEncoder().encode(plain), as: UTF8.self).contains("parameters"))
    }

    @Test("the history keeps the same terms whatever report comes first")
    func termsOrder() throws {
        let few = RunTerms(parameters: ["a": "1"], note: "n")
        let more = RunTerms(parameters: ["a": "1", "b": "2"])
        let due = Instant(millisecondsSinceEpoch: 1_000)
        func report(_ number: Int, _ terms: RunTerms?) -> RunReport {
            let fire = JournaledFire(
                attempt: AttemptID(run: RunID(FireKey(uid: TaskUID(bits: 1), due: due)), number: number),
                task: TaskID("t")!,
                uid: TaskUID(bits: 1),
                revision: 1,
                due: due,
                trigger: .schedule,
                delivery: .atMostOnce,
                decision: .launch,
                terms: terms
            )
            return RunReport(
                fire: fire,
                agent: AgentID("a")!,
                incarnation: Incarnation(high: 1, low: 1),
                runtime: .standard,
                phase: .started(at: due)
            )
        }
        let reports = [report(1, few), report(2, more), report(3, nil)]
        var forward = Run(reports[0])
        for report in reports { forward.apply(report) }
        var backward = Run(reports[2])
        for report in reports.reversed() { backward.apply(report) }
        #expect(forward == backward)
        #expect(forward.terms == more)
    }
}
