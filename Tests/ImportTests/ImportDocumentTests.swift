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
        for task in tasks {
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
