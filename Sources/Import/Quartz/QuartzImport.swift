import Domain
import Scheduling

/// Turns Quartz expressions and XML job data into tasks.
enum QuartzImport {
    static func read(_ sources: [ImportSource], into draft: inout ImportDraft) {
        for source in sources {
            if source.text.drop(while: \.isWhitespace).first == "<" {
                QuartzJobs.read(source, into: &draft)
            } else {
                readLines(source, into: &draft)
            }
        }
    }

    /// Lines of an expression and a command: `0 30 8 L * ?  /usr/local/bin/report --monthly`.
    private static func readLines(_ source: ImportSource, into draft: inout ImportDraft) {
        for (index, raw) in ImportSource.lines(of: source.text).enumerated() {
            let words = raw.split(whereSeparator: \.isWhitespace)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            let number = index + 1
            guard let (expression, command) = split(words) else {
                let reason = reason(words)
                let advice = "write six or seven fields, seconds first, and a command"
                draft.refuse("'\(raw)'", reason, advice, in: source, line: number)
                continue
            }
            guard !command.isEmpty else {
                let advice = "write the command behind the expression"
                draft.refuse("'\(raw)'", "there is no command", advice, in: source, line: number)
                continue
            }
            let text = command.joined(separator: " ")
            var candidate = TaskCandidate(
                source,
                line: number,
                what: "'\(raw)'",
                name: CommandName.name(for: text)
            )
            candidate.action = .command(["/bin/sh", "-c", text])
            candidate.schedules = [.cron(CronSchedule(expression.with(draft.options.timeZone)))]
            draft.add(candidate)
        }
    }

    /// The longest expression the words begin with, and the rest.
    private static func split(_ words: [Substring]) -> (CronExpression, ArraySlice<Substring>)? {
        for count in [7, 6] where words.count >= count {
            let text = words.prefix(count).joined(separator: " ")
            if let expression = try? CronExpression(text, options: CronOptions(dialect: .quartz)) {
                return (expression, words.dropFirst(count))
            }
        }
        return nil
    }

    private static func reason(_ words: [Substring]) -> String {
        do throws(ScheduleError) {
            let text = words.prefix(6).joined(separator: " ")
            _ = try CronExpression(text, options: CronOptions(dialect: .quartz))
            return "it is no Quartz expression"
        } catch {
            return error.message
        }
    }
}

extension CronExpression {
    /// The same expression in another zone.
    func with(_ timeZone: TimeZoneID) -> CronExpression {
        var options = options
        options.timeZone = timeZone
        // The text was parsed with the same dialect already.
        return (try? CronExpression(text, options: options)) ?? self
    }
}
