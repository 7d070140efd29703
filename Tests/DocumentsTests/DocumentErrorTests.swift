import Documents
import Testing

/// A text and the problems it must have, each as `line:column: start of the message`.
struct BadDocument: CustomTestStringConvertible, Sendable {
    var name: String
    var text: String
    var problems: [String]

    var testDescription: String { name }

    init(_ name: String, _ text: String, _ problems: String...) {
        self.name = name
        self.text = text
        self.problems = problems
    }

    private static let head = "kind: Task\nname: t\ncommand: [date]\n"

    static let all: [BadDocument] = [
        .init(
            "unknown key",
            "kind: Task\nname: t\ncomand: [date]\n",
            "1:1: the task has neither a command nor a script",
            "3:1: unknown key 'comand' in a task: did you mean 'command'?"
        ),
        .init(
            "unknown key, nothing near",
            head + "zzzzzzzz: 1\n",
            "4:1: unknown key 'zzzzzzzz' in a task: use kind, v, name"
        ),
        .init("no kind", "name: t\ncommand: [date]\n", "1:1: the document has no kind: add kind: Task"),
        .init("misspelt kind", "kind: task\nname: t\n", "1:7: kind cannot be 'task': did you mean 'Task'?"),
        .init(
            "unknown kind",
            "kind: Group\nname: t\n",
            "1:7: kind cannot be 'Group': use Task, Runtime, Calendar, Workflow or Pool"
        ),
        .init("not a mapping", "just text\n", "1:1: a document must be a mapping"),
        .init("no name", "kind: Task\ncommand: [date]\n", "1:1: the task has no name"),
        .init(
            "bad name",
            "kind: Task\nname: Nightly Report\ncommand: [date]\n",
            "2:7: 'Nightly Report' is not a valid name"
        ),
        .init(
            "misfire policy",
            head + "misfire: sometimes\n",
            "4:10: misfire cannot be 'sometimes': use skip, once or all"
        ),
        .init(
            "misfire window before the grace",
            head + "misfire: {policy: all, grace: 2m, window: 60s}\n",
            "4:43: the window must be between the grace, 2m, and 366d"
        ),
        .init(
            "misfire cap",
            head + "misfire: {policy: all, cap: 0}\n",
            "4:29: misfire.cap cannot be '0': write a whole number from 1 to 1000"
        ),
        .init(
            "a parameter without a name",
            head + "parameters: [{type: date}]\n",
            "4:14: the parameter has no name: add one such as name: day"
        ),
        .init(
            "a parameter's type",
            head + "parameters: [{name: a, type: int}]\n",
            "4:30: parameters[0].type cannot be 'int': use string, number, boolean, choice or date"
        ),
        .init(
            "a parameter's default",
            head + "parameters: [{name: a, type: date, default: today}]\n",
            "4:45: the default of parameter a must be a day such as 2026-03-29, not 'today'"
        ),
        .init(
            "a template without such a parameter",
            head + "environment: {A: '${{ parameters.b }}'}\n",
            "4:15: '${{ parameters.b }}' names no parameter of the task: add it to parameters"
        ),
        .init(
            "concurrency policy",
            head + "concurrency: sometimes\n",
            "4:14: concurrency cannot be 'sometimes': use allow, forbid, queue-one, queue-all or replace"
        ),
        .init(
            "concurrency policy in a mapping",
            head + "concurrency:\n  policy: parallel\n",
            "5:11: concurrency.policy cannot be 'parallel': use allow, forbid, queue-one, queue-all or replace"
        ),
        .init(
            "misspelt concurrency policy",
            head + "concurrency: queue-al\n",
            "4:14: concurrency cannot be 'queue-al': did you mean 'queue-all'?"
        ),
        .init(
            "concurrency as a number",
            head + "concurrency: 3\n",
            "4:14: concurrency cannot be a number: name the policy, as in {policy: allow, max: 3}"
        ),
        .init(
            "concurrency as a list",
            head + "concurrency: [forbid]\n",
            "4:14: concurrency must be a mapping of keys to values, not a list"
        ),
        .init(
            "unknown key of concurrency",
            head + "concurrency: {policy: allow, limit: 3}\n",
            "4:30: unknown key 'limit' in a concurrency policy: use policy, max or cap"
        ),
        .init(
            "max of one run at a time",
            head + "concurrency:\n  policy: forbid\n  max: 3\n",
            "6:8: max belongs to policy allow: remove it, with forbid there is one run at a time"
        ),
        .init(
            "max out of range",
            head + "concurrency: {policy: allow, max: 0}\n",
            "4:35: concurrency.max cannot be '0': write a whole number from 1 to 1000"
        ),
        .init(
            "cap of what does not queue",
            head + "concurrency: {policy: replace, cap: 5}\n",
            "4:37: cap belongs to policy queue-all: remove it, or write policy: queue-all"
        ),
        .init(
            "the default cap of what does not queue",
            head + "concurrency: {cap: 10}\n",
            "4:20: cap belongs to policy queue-all"
        ),
        .init(
            "cap out of range",
            head + "concurrency: {policy: queue-all, cap: 1001}\n",
            "4:39: concurrency.cap cannot be '1001': write a whole number from 1 to 1000"
        ),
        .init(
            "counted runs retried elsewhere",
            head + "concurrency: {max: 2}\nretry:\n  attempts: 2\n  agent: other\n",
            "7:10: runs that are counted are all made by the task's owner: remove retry.agent: other"
        ),
        .init("start deadline", head + "startDeadline: 1ms\n", "4:16: the start deadline must be between 1s"),
        .init("total timeout", head + "totalTimeout: 0\n", "4:15: the total timeout must be between 1s"),
        .init(
            "cap of what makes up for nothing",
            head + "misfire: {policy: skip, cap: 5}\n",
            "4:30: the cap limits what policy all makes up for"
        ),
        .init(
            "retries without a number",
            head + "retry: {delay: 5s}\n",
            "4:8: the retry policy does not say how often: add attempts: 3"
        ),
        .init(
            "retry with everything wrong",
            head
                + "retry:\n  attempts: 101\n  delay: 5\n  backoff: cubic\n  jitter: 2\n  on: [lost]\n  exitCodes: [0]\n  agent: here\n",
            "5:13: retry.attempts cannot be '101': write a whole number from 1 to 100",
            "6:10: retry.delay has no unit: write 5s, 5m or 5h",
            "7:12: retry.backoff cannot be 'cubic'",
            "8:11: retry.jitter cannot be '2': write a number from 0 to 1",
            "9:8: retry.on[0] cannot be 'lost'",
            "10:15: retry.exitCodes[0] cannot be '0': write a whole number from 1 to 255",
            "11:10: retry.agent cannot be 'here'"
        ),
        .init(
            "exit codes of what is not retried",
            head + "retry: {attempts: 2, on: [timed-out], exitCodes: [75]}\n",
            "4:50: exit codes need 'failed' in retry.on"
        ),
        .init(
            "longest delay below the first",
            head + "retry: {attempts: 2, delay: 1h, maxDelay: 1m}\n",
            "4:43: the longest delay must be between the delay, 1h, and 12h"
        ),
        .init("after itself", head + "after: [t]\n", "4:9: a task cannot come after itself"),
        .init(
            "after with everything wrong",
            head
                + "after:\n  - {on: failed}\n  - {task: a, on: done}\n  - {task: b, on: failed, exitCodes: [1]}\n"
                + "  - {task: c, exitCodes: [256]}\n  - {task: D}\n",
            "5:5: the entry names no task: write task: extract, for example",
            "6:19: after[1].on cannot be 'done'",
            "7:38: write on or exitCodes, never both: remove one",
            "8:27: after[3].exitCodes[0] cannot be '256': write a whole number from 0 to 255",
            "9:12: 'D' is not a valid name"
        ),
        .init(
            "after twice",
            head + "after: [a, {task: a, on: failed}]\n",
            "4:12: the task comes after a twice"
        ),
        .init("join without after", head + "join: any\n", "4:7: join says how several tasks count"),
        .init("both actions", head + "script: date\n", "4:9: a task has a command or a script, never both"),
        .init(
            "command as text",
            "kind: Task\nname: t\ncommand: date -u\n",
            "3:10: command must be a list of words, not a text: write command: [date, -u]"
        ),
        .init(
            "command as mapping",
            "kind: Task\nname: t\ncommand: {a: b}\n",
            "3:10: command must be a list of words such as [date, -u], not a mapping"
        ),
        .init(
            "truth value in a command",
            "kind: Task\nname: t\ncommand: [echo, true]\n",
            "3:17: command[1] must be a text: quote it, as in \"true\""
        ),
        .init(
            "truth value in the environment",
            head + "environment:\n  A: x\n  DEBUG: false\n",
            "6:10: environment.DEBUG must be a text: quote it, as in \"false\""
        ),
        .init(
            "list in the environment",
            head + "environment: [A, B]\n",
            "4:14: environment must be a mapping such as {LANG: C.UTF-8}, not a list"
        ),
        .init("bad variable", head + "environment:\n  1A: x\n", "5:3: \"1A\" is not a variable name"),
        .init(
            "reserved variable",
            head + "environment: {CLOUDTASK_RUN: x}\n",
            "4:15: names starting with CLOUDTASK_ are set by CloudTask"
        ),
        .init(
            "interval without unit",
            head + "schedules:\n  - every: 90\n",
            "5:12: schedules[0].every has no unit: write 90s, 90m or 90h"
        ),
        .init(
            "interval with a bad unit",
            head + "schedules:\n  - every: 5x\n",
            "5:13: unknown unit 'x' in a duration"
        ),
        .init(
            "too short an interval",
            head + "schedules: [{every: 1ms}]\n",
            "4:21: the interval 1ms is out of range"
        ),
        .init(
            "timeout without unit",
            head + "timeout: 10\n",
            "4:10: timeout has no unit: write 10s, 10m or 10h"
        ),
        .init(
            "timeout as list",
            head + "timeout: [10s]\n",
            "4:10: timeout must be a duration such as 90s or 1h30m, not a list"
        ),
        .init(
            "empty value",
            head + "timeout:\n",
            "4:9: timeout must be a duration such as 90s or 1h30m, not nothing"
        ),
        .init("zero timeout", head + "timeout: 0s\n", "4:10: the timeout must be between"),
        .init("cron, place within quotes", head + "schedules:\n  - cron: \"0 2 * * 9\"\n", "5:20: "),
        .init("cron, place without quotes", head + "schedules:\n  - cron: 0 25 * * *\n", "5:13: "),
        .init(
            "cron that never fires",
            head + "schedules:\n  - cron: \"0 0 30 2 *\"\n",
            "5:16: no date matches"
        ),
        .init(
            "cron not quoted",
            head + "schedules:\n  - cron: * * * * *\n",
            "5:12: this is not YAML: did not find expected alphabetic"
        ),
        .init(
            "unknown zone",
            head + "schedules:\n  - cron: \"@daily\"\n    timeZone: europe/berlin\n",
            "6:15: unknown time zone 'europe/berlin': did you mean Europe/Berlin?"
        ),
        .init(
            "two forms",
            head + "schedules:\n  - cron: \"@daily\"\n    every: 5s\n",
            "6:12: 'every' cannot stand beside 'cron'"
        ),
        .init(
            "no form",
            head + "schedules:\n  - timeZone: UTC\n",
            "5:5: a schedule needs one of cron, every or at"
        ),
        .init(
            "key of another form",
            head + "schedules:\n  - every: 5s\n    timeZone: UTC\n",
            "6:5: a schedule with 'every' has no 'timeZone': it may have every, start, end, jitter, exclude, include or maxRuns"
        ),
        .init(
            "misspelt option",
            head + "schedules:\n  - cron: \"@daily\"\n    gap: skp\n",
            "6:10: schedules[0].gap cannot be 'skp': did you mean 'skip'?"
        ),
        .init("bad instant", head + "schedules: [{at: tomorrow}]\n", "4:18: 'tomorrow' is not a time"),
        .init(
            "end before start",
            head
                + "schedules:\n  - every: 5s\n    start: 2026-01-02T00:00:00Z\n    end: 2026-01-01T00:00:00Z\n",
            "7:10: the schedule ends before it starts"
        ),
        .init(
            "schedules as mapping",
            head + "schedules: {every: 5s}\n",
            "4:12: schedules must be a list of schedules"
        ),
        .init(
            "bad delivery",
            head + "delivery: at-most-onc\n",
            "4:11: delivery cannot be 'at-most-onc': did you mean 'at-most-once'?"
        ),
        .init(
            "bad truth value",
            head + "enabled: yes\n",
            "4:10: enabled must be true or false, not the text 'yes'"
        ),
        .init(
            "placement",
            head + "placement: {agent: [a]}\n",
            "4:13: unknown key 'agent' in a placement: did you mean 'agents'?"
        ),
        .init("agents' names", head + "placement: {agents: [A b]}\n", "4:22: 'A b' is not a valid name"),
        .init(
            "key given twice",
            head + "timeout: 1s\ntimeout: 2s\n",
            "4:1: 'timeout' is given more than once in one mapping: keep one"
        ),
        .init(
            "key given twice in JSON",
            #"{"kind":"Task","name":"t","name":"u","command":["date"]}"#,
            "1:27: 'name' is given twice"
        ),
        .init(
            "merge key",
            head + "<<: {timeout: 1s}\n",
            "4:1: unknown key '<<' in a task: merge keys are not supported"
        ),
        .init(
            "tab",
            head + "schedules:\n\t- every: 5s\n",
            "5:1: this is not YAML: found character that cannot start any token"
        ),
        .init("undefined alias", head + "timeout: *t\n", "4:10: this is not YAML: found undefined alias"),
        .init(
            "broken JSON",
            "{\"kind\": \"Task\",\n \"name\": \"a\" \"b\"}",
            "2:14: this is not JSON: ',' or '}' is expected here"
        ),
        .init(
            "JSON after JSON",
            "{\"kind\": \"Task\", \"name\": \"a\", \"command\": [\"x\"]}\n{\"kind\": 5}",
            "2:10: kind cannot be '5'"
        ),
        .init("runtime without name", "kind: Runtime\n", "1:1: the runtime has no name"),
        .init(
            "runtime's unknown key",
            "kind: Runtime\nname: r\nrejoingrace: 5s\n",
            "3:1: unknown key 'rejoingrace' in a runtime: did you mean 'rejoinGrace'?"
        ),
        .init("version", head + "v: 2\n", "4:4: v must be 1"),
        .init(
            "same task twice",
            head + "---\n" + head,
            "5:1: task t is described twice, first at tasks.yaml:1:1"
        ),
        .init(
            "problems of several documents",
            "kind: Task\nname: A\n---\n" + head + "timeout: 5\n---\nkind: Task\n  x: 1\n",
            "1:1: the task has neither",
            "2:7: 'A' is not a valid name",
            "7:10: timeout has no unit",
            "10:4: this is not YAML: mapping values"
        ),
        .init(
            "wide characters before the mistake",
            head + "environment: {A: 日本語, B: true}\n",
            "4:26: environment.B must be a text"
        ),
        .init(
            "calendar without times",
            head + "schedules:\n  - calendar: {daily: 1}\n",
            "5:15: a calendar needs at or windows, such as at: \"09:30\""
        ),
        .init(
            "calendar with a bad day in a list",
            head + "schedules:\n  - calendar:\n      weekly: [mon, moon]\n      at: [9:00]\n",
            "6:21: 'moon' is no day of the week"
        ),
        .init(
            "calendar with an unknown key",
            head + "schedules:\n  - calendar:\n      daily: 1\n      time: 9:00\n",
            "7:13: a calendar with 'daily' has no 'time': it may have daily, at, windows"
        ),
        .init(
            "calendar with a count that is none",
            head + "schedules:\n  - calendar: {daily: often, at: 9:00}\n",
            "5:23: schedules[0].calendar.daily must be a whole number, not the text 'often'"
        ),
        .init(
            "window with a bad interval",
            head
                + "schedules:\n  - calendar:\n      daily: 1\n      windows:\n        - {from: 8:00, every: 90x}\n",
            "8:31: unknown unit 'x' in a duration"
        ),
        .init(
            "bad jitter and days",
            head
                + "schedules:\n  - cron: '@daily'\n    jitter: 2d\n    exclude: {dates: [2026-13-01]}\n    include: {days: [mon]}\n    maxRuns: many\n",
            "6:13: the jitter 2d is out of range: use 1ms to 1d",
            "7:22: '2026-13-01' is no date: write 2026-12-24",
            "8:21: a selection of days has no 'days': it may have dates, weekdays, yearly, calendars",
            "9:14: schedules[0].maxRuns cannot be 'many'"
        ),
        .init(
            "a list where a mapping is meant",
            head + "schedules:\n  - every: 1h\n    exclude: [sat, sun]\n",
            "6:14: schedules[0].exclude must be a mapping, not a list"
        ),
        .init(
            "window without an interval",
            head
                + "schedules:\n  - calendar:\n      daily: 1\n      windows:\n        - {from: 8:00, to: 9:00}\n",
            "8:11: schedules[0].calendar.windows[0] has no 'every': add it"
        ),
        .init(
            "window shorter than its interval",
            head + "schedules:\n  - calendar: {daily: 1, windows: [{from: 8:00, to: 9:00, every: 2h}]}\n",
            "5:15: the window from 08:00 to 09:00 is shorter than its interval 2h: write at: \"08:00\""
        ),
        .init(
            "maxRuns of what follows events",
            head + "schedules: [{onAgentStart: true, maxRuns: 3}]\n",
            "4:34: maxRuns counts instants from the schedule's start, and 'onAgentStart' knows none beforehand"
        ),
        .init(
            "retries of what was lost",
            head + "retry: {attempts: 2, on: [lost]}\n",
            "4:27: retry.on[0] cannot be 'lost', as what was lost may have run: write delivery: at-least-once"
        ),
        .init(
            "retries after a timeout there is not",
            head + "retry: {attempts: 2, on: [timed-out]}\n",
            "4:26: without a timeout no attempt ends as timed-out"
        ),
        .init(
            "grace beyond the start deadline",
            head + "misfire: {policy: all, grace: 2m}\nstartDeadline: 5s\n",
            "4:31: the grace 2m is longer than the start deadline 5s"
        ),
        .init(
            "placement on no agent",
            head + "placement: {agents: []}\n",
            "4:21: placement.agents names no agent"
        ),
        .init(
            "years backwards",
            "kind: Calendar\nname: x\nyearly: [12-31 from 2030 until 2027]\n",
            "3:9: '12-31 from 2030 until 2027' ends in 2027, before it begins in 2030"
        ),
        .init(
            "maxRuns without start",
            head + "schedules:\n  - cron: '@daily'\n    maxRuns: 3\n",
            "5:11: maxRuns is counted from the schedule's start: give a start"
        ),
        .init(
            "calendar document without name",
            "kind: Calendar\ndates: [2026-01-01]\n",
            "1:1: the calendar has no name"
        ),
        .init(
            "calendar document with mistakes",
            "kind: Calendar\nname: x\ndates:\n  - 2026-01-01\n  - tomorrow\nyearly: [13-01]\nical: nothing\nzone: UTC\n",
            "5:5: 'tomorrow' is no date",
            "6:9: '13-01' is no day of the year",
            "8:1: unknown key 'zone' in a calendar"
        ),
        .init(
            "calendar document with a bad iCalendar text",
            "kind: Calendar\nname: x\nical: nothing\n",
            "3:7: 'NOTHING' stands outside of BEGIN:VCALENDAR"
        ),
        .init("calendar document without days", "kind: Calendar\nname: x\n", "1:1: the calendar has no days"),
    ]
}

@Suite struct DocumentErrorTests {
    @Test("every mistake is named with its place and a remedy", arguments: BadDocument.all)
    func mistake(_ bad: BadDocument) throws {
        let error = try #require(throws: DocumentError.self) {
            try DocumentParser().parse(bad.text, file: "tasks.yaml")
        }
        let found = error.problems.map(\.description)
        #expect(found.count == bad.problems.count, "\(found)")
        for (found, expected) in zip(found, bad.problems) {
            #expect(found.hasPrefix("tasks.yaml:" + expected), "\(found)")
        }
    }

    @Test("at most twenty problems are listed, the others are counted")
    func bounded() throws {
        let text = (1...30).map { "kind: Task\nname: t\($0)\ncommand: [date]\ntimeout: \($0)\n" }.joined(
            separator: "---\n"
        )
        let error = try #require(throws: DocumentError.self) { try DocumentParser().parse(text, file: "f") }
        #expect(error.problems.count == 20)
        #expect(error.omittedCount == 10)
        #expect(error.description.hasSuffix("… and 10 more"))
    }

    @Test("deep nesting is refused", arguments: ["[", "{a: ", "- "])
    func deep(opening: String) throws {
        let text =
            "kind: Task\nname: t\ncommand: " + (opening == "- " ? "\n  " : "")
            + String(repeating: opening, count: 900)
        #expect(throws: DocumentError.self) { try DocumentParser().parse(text, file: "f") }
        let json = String(repeating: "[", count: 100_000)
        #expect(throws: DocumentError.self) { try DocumentParser().parse(json, file: "f") }
    }

    @Test("aliases that multiply are refused, as values and as keys")
    func laughs() throws {
        var text = "a: &a0 [x, x]\n"
        for level in 1...40 {
            text += "b\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n"
        }
        let many = try #require(throws: DocumentError.self) {
            try DocumentParser().parse(text + "? *a40\n: x\n", file: "f")
        }
        #expect(many.problems[0].message.hasPrefix("more than 30 aliases"))
        var wide = "a: &a0 [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            wide += "b\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n"
        }
        let documents = Array(repeating: wide, count: 30).joined(separator: "---\n")
        let large = try #require(throws: DocumentError.self) {
            try DocumentParser().parse(documents, file: "f")
        }
        #expect(large.problems.contains { $0.message.hasPrefix("too many values") })
    }
}
