import Documents
import Domain
import Testing

@testable import Import

@Suite("Imported documents")
struct ImportDocumentTests {
    @Test("what is imported is read back from its document as the same task")
    func roundTrip() throws {
        let text = """
            A='x: y'
            */7 0-6 * * mon-fri echo "a%b"
            @every 90m /bin/x # not a comment
            0 0 L * * date +\\%F
            """
        let tasks = imported(text, .crontab).tasks
        #expect(tasks.count == 3)
        let units = [
            ImportSource(file: "a.service", text: "[Service]\nExecStart=/bin/a"),
            ImportSource(file: "a.timer", text: "[Timer]\nOnCalendar=daily\nPersistent=yes"),
        ]
        for task in tasks + Importer.tasks(from: units, as: .systemd).tasks {
            let documents = try DocumentParser().parse(try DocumentWriter.yaml(task), file: "-")
            guard case .task(let document) = try #require(documents.first) else { continue }
            #expect(document.specification == task)
        }
    }

    @Test(
        "every feature that is missing says why and what to do, without a period",
        arguments: MissingFeature.allCases
    )
    func features(_ feature: MissingFeature) {
        for text in [feature.why, feature.advice] {
            #expect(!text.isEmpty && !text.hasSuffix("."))
        }
    }
}

@Suite("Damaged definitions")
struct DamagedImportTests {
    /// A linear congruential generator: the same texts at every run.
    private struct Draw {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    private static let samples: [(ForeignFormat, String, String)] = [
        (
            .crontab, "crontab",
            "A='x'\nCRON_TZ=Europe/Berlin\n1~9 */5 L * 1-5 root /bin/a \"b\" %c\\%d\n@every 1h x\n"
        ),
        (
            .systemd, "a.timer",
            "[Timer]\nOnCalendar=Mon..Fri *-*~07/1 1..3:0/15:30 UTC\nOnUnitActiveSec=1h 30min\n"
        ),
        (
            .systemd, "a.service",
            "[Service]\nExecStart=-/bin/a \"b c\" ${D} $E %n \\x20 ; /bin/b\nTimeoutSec=1.5h\n"
        ),
        (
            .kubernetes, "a.yaml",
            "kind: CronJob\nspec: {schedule: 'TZ=UTC 0 2 * * *', jobTemplate: {spec: {}}}\n"
        ),
        (.quartz, "a.txt", "0 0/5 8 L-3 * ? 2030 /bin/a\n0 0 12 ? * 2#1 x\n"),
        (.quartz, "a.xml", "<a><schedule><job><name>x</name></job><!-- c --><![CDATA[d]]></schedule></a>"),
        (.xxlJob, "a.json", "[{\"id\": 1, \"scheduleType\": \"FIX_RATE\", \"scheduleConf\": \"30\"}]"),
    ]

    @Test("whatever a file holds is read or refused, and means the same again", arguments: 0..<samples.count)
    func damage(_ index: Int) {
        let (format, file, sample) = Self.samples[index]
        let signs = Array("0123456789*/-,~#LW%$\\'\"<>[]{}&;:= \n\r\u{0}ä99999999999999999999")
        var draw = Draw(state: UInt64(index))
        for _ in 0..<400 {
            var text = Array(sample)
            for _ in 0...draw.next(6) {
                let place = draw.next(max(1, text.count))
                switch draw.next(3) {
                case 0: text.insert(signs[draw.next(signs.count)], at: min(place, text.count))
                case 1 where !text.isEmpty: text.remove(at: min(place, text.count - 1))
                default: text.append(contentsOf: text.dropFirst(place).prefix(draw.next(12)))
                }
            }
            let first = imported(String(text), format, file: file)
            #expect(first == imported(String(text), format, file: file))
            #expect(first.tasks.allSatisfy { $0.problems.isEmpty })
        }
    }

    @Test("line breaks of other systems end lines too")
    func lineBreaks() {
        let outcome = imported("A=1\r\n0 0 * * * /bin/a\r\n0 0 * * * /bin/b\r\n", .crontab)
        #expect(outcome.tasks.map(\.command.last) == ["/bin/a", "/bin/b"])
        #expect(outcome.tasks.first?.environment == ["A": "1"])
    }

    @Test("numbers beyond all measure are refused", arguments: ["0", "-5", "9223372036854775807", "x", ""])
    func numbers(_ seconds: String) {
        let json =
            "[{\"id\": 1, \"glueType\": \"GLUE_SHELL\", \"glueSource\": \"x\", \"scheduleType\": \"FIX_RATE\", \"scheduleConf\": \"\(seconds)\"}]"
        #expect(imported(json, .xxlJob).hasMistakes)
    }
}
