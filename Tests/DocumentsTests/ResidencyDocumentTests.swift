import Documents
import Domain
import Scheduling
import Testing

@Suite struct ResidencyDocumentTests {
    private let head = "kind: Task\nname: gateway\ncommand: [gateway]\n"

    private func residency(_ text: String) throws -> Residency? {
        let documents = try DocumentParser().parse(head + text, file: "a.yaml")
        guard case .task(let task)? = documents.first else {
            Issue.record("no task")
            return nil
        }
        let written = try DocumentWriter.yaml(task.specification)
        guard case .task(let again)? = try DocumentParser().parse(written, file: "b.yaml").first else {
            Issue.record("no task in what was written")
            return nil
        }
        #expect(again.specification == task.specification)
        #expect(try DocumentWriter.yaml(again.specification) == written)
        return task.specification.residency
    }

    @Test("a residency is read and written back as it was")
    func roundTrip() throws {
        #expect(try residency("resident: true\n") == Residency())
        #expect(try residency("resident: false\n") == nil)
        #expect(try residency("") == nil)
        let restart = "resident: {restart: {on: failure, delay: 2s, maxDelay: 1m, resetAfter: 1h}}\n"
        let policy = Restart(
            on: .failure,
            delay: .seconds(2),
            maxDelay: .seconds(60),
            resetAfter: .seconds(3_600)
        )
        #expect(try residency(restart) == Residency(restart: policy))
        let command = "resident: {probe: {command: [pg_isready, -q], every: 5s, failures: 2}}\n"
        let probe = HealthProbe(.command(["pg_isready", "-q"]), every: .seconds(5), failures: 2)
        #expect(try residency(command) == Residency(probe: probe))
        let page =
            "resident:\n  probe:\n    http: http://127.0.0.1:8080/health\n    timeout: 1s\n    startDelay: 30s\n"
        let asked = HealthProbe(
            .http("http://127.0.0.1:8080/health"),
            timeout: .seconds(1),
            startDelay: .seconds(30)
        )
        #expect(try residency(page) == Residency(probe: asked))
    }

    @Test("the document keeps its form: true stays true")
    func form() throws {
        guard
            case .task(let task)? = try DocumentParser().parse(head + "resident: true\n", file: "a").first
        else {
            Issue.record("no task")
            return
        }
        let written = try DocumentWriter.yaml(task.specification)
        #expect(written.contains("\nresident: true\n"))
        #expect(!written.contains("concurrency"))
    }

    @Test(
        "what is wrong is refused with its place, all at once",
        arguments: [
            ("resident: 3\n", ["resident must be true or false"]),
            ("resident: {probe: {every: 5s}}\n", ["a probe asks with a command or over http"]),
            ("resident: {probe: {command: [a], http: b}}\n", ["a probe asks with a command or over http"]),
            ("resident: {probe: {http: nowhere}}\n", ["the probe's address must be like http://"]),
            (
                "resident: {restart: {delay: 0s}, probe: {command: [a], failures: 0, every: 10}}\n",
                [
                    "the delay must be between 1s and 12h", "failures cannot be '0'", "every has no unit",
                ]
            ),
            ("resident: {restarts: {}}\n", ["unknown key 'restarts' in a residency: did you mean 'restart'"]),
            (
                "schedules: [{every: 5s}]\nretry: {attempts: 2}\nresident: true\n",
                [
                    "a resident task runs all the time", "a resident task is restarted, not attempted again",
                ]
            ),
        ]
    )
    func refused(_ text: String, _ messages: [String]) {
        do {
            _ = try DocumentParser().parse(head + text, file: "a.yaml")
            Issue.record("accepted: \(text)")
        } catch {
            for message in messages { #expect("\(error)".contains(message), "\(error)") }
            #expect("\(error)".contains("a.yaml:4"))
        }
    }
}
