import CenterClient
import Documents
import Domain
import Payloads
import Testing

@testable import Control

@Suite struct SavedPlacesTests {
    private static let text = """
        kind: Task
        name: first
        command: ["true"]
        after: [second]
        ---
        kind: Task
        name: second
        command: ["true"]
        after: [nothere]
        """

    @Test("what a center finds wrong is told with the place of its document")
    func located() throws {
        let documents = try DocumentParser().parse(Self.text, file: "bad.yaml")
        let request = ApplyRequest(tasks: documents.flatMap(\.tasks))
        let places = SavedPlaces(documents)
        let wrong = ValidationProblem(field: "tasks[1].after[0].task", message: "there is no task nothere")
        let refusal = places.error(.invalid("wrong", problems: [wrong]), about: request)
        let told = try #require(refusal as? DocumentError)
        #expect(told.description == "bad.yaml:6:1: there is no task nothere")
        #expect(told.problems.map(\.field) == ["after[0].task"])
        #expect(ControlError(refusal).namesPlaces)
    }

    @Test(
        "what names no document stays as it is",
        arguments: ["tasks[2].name", "tasks[-1].name", "confirm", "", "tasks]0["]
    )
    func unlocated(field: String) throws {
        let documents = try DocumentParser().parse(Self.text, file: "bad.yaml")
        let request = ApplyRequest(tasks: documents.flatMap(\.tasks))
        let problem = ValidationProblem(field: field, message: "wrong")
        let error = CenterClientError.invalid("wrong", problems: [problem])
        #expect(SavedPlaces(documents).error(error, about: request) is CenterClientError)
        #expect(SavedPlaces(documents).error(.notFound("x"), about: request) is CenterClientError)
    }
}
