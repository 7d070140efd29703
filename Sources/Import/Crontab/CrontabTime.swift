import Scheduling

/// The time at the beginning of a crontab line.
enum CrontabTime {
    /// The time and what follows it; `nil` when the line begins with none.
    ///
    /// Most crons have five fields; some also take a year behind them, or seconds before and the year behind.
    /// The longest reading wins, for no program is called `*`.
    static func split(_ line: Substring) -> (schedule: String, rest: Substring)? {
        if line.first == "@" {
            let (text, rest) = cut(line, words: line.lowercased().hasPrefix("@every ") ? 2 : 1) ?? ("", "")
            return text.isEmpty ? nil : (text, rest)
        }
        for count in [7, 6, 5] {
            guard let (text, rest) = cut(line, words: count), !rest.isEmpty else { continue }
            if (try? CronExpression(expression(text))) != nil { return (text, rest) }
        }
        // Five words that look like fields belong to a time even when one of them is wrong.
        return nil
    }

    /// The expression as CloudTask writes it: six fields of a crontab end with the year, ours begin with seconds.
    static func expression(_ schedule: String) -> String {
        let words = schedule.split(separator: " ").map { resolved($0) }
        return (words.count == 6 ? ["0"] + words : words).joined(separator: " ")
    }

    /// What is wrong with a line that begins with no time.
    static func reason(_ line: Substring) -> String {
        guard let (text, _) = cut(line, words: 5) else { return "it has fewer than five fields" }
        do throws(ScheduleError) {
            _ = try CronExpression(expression(text))
            return "there is no command behind the time"
        } catch {
            return error.message
        }
    }

    private static func cut(_ line: Substring, words count: Int) -> (text: String, rest: Substring)? {
        var words: [Substring] = []
        var rest = line
        while words.count < count {
            let word = rest.prefix { !$0.isWhitespace }
            guard !word.isEmpty else { return nil }
            words.append(word)
            rest = rest.dropFirst(word.count).drop(while: \.isWhitespace)
        }
        return (words.joined(separator: " "), rest)
    }

    /// `10~20` as `H(10-20)`: one of its values, which the task's name decides instead of each start of cron.
    private static func resolved(_ field: Substring) -> String {
        guard field.contains("~") else { return String(field) }
        return field.split(separator: ",").map { term -> String in
            let bounds = term.split(separator: "~", omittingEmptySubsequences: false)
            guard bounds.count == 2, let first = Int(bounds[0]), let last = Int(bounds[1]), first >= 0,
                first <= last, last < 100
            else { return String(term) }
            return "H(\(first)-\(last))"
        }.joined(separator: ",")
    }
}
