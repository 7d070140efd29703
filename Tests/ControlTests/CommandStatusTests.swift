import CenterClient
import Documents
import Domain
import Testing
import ZooKeeper

@testable import Control

@Suite struct CommandStatusTests {
    @Test("the codes are the contract's")
    func codes() {
        #expect(CommandStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 20, 21, 22, 23, 64, 130])
    }

    @Test(
        "each failure of a request has its code",
        arguments: [
            (CenterClientError.notFound("x"), CommandStatus.notFound), (.unauthorized("x"), .notAllowed),
            (.conflict("x"), .conflict),
            (.unreachable("x"), .unreachable), (.unavailable("x"), .unreachable),
            (.busy(retryAfter: .seconds(1)), .unreachable),
            (.server("x"), .failed), (.invalid("x", problems: []), .failed),
        ]
    )
    func request(error: CenterClientError, status: CommandStatus) {
        let failure = ControlError(error as any Error)
        #expect(failure.status == status)
        #expect(!failure.message.isEmpty)
    }

    @Test(
        "each failure of ZooKeeper has its code",
        arguments: [
            (ZooKeeperError.Code.noNode, CommandStatus.notFound), (.noAuth, .notAllowed),
            (.badVersion, .conflict), (.nodeExists, .conflict),
            (.connectionLoss, .unreachable), (.hostsUnresolved, .unreachable),
            (.deadlineExceeded, .unreachable), (.badArguments, .failed),
        ]
    )
    func zookeeper(code: ZooKeeperError.Code, status: CommandStatus) {
        #expect(ControlError(ZooKeeperError(code, path: "/a") as any Error).status == status)
    }

    private static let endCodes: [(state: RunState, status: CommandStatus)] = [
        (.succeeded, .ok), (.failed, .runFailed), (.timedOut, .runTimedOut), (.stopped, .runStopped),
        (.skipped, .runFailed), (.missed, .runFailed), (.lost, .runLost),
    ]

    @Test("every end of a run has its code", arguments: endCodes)
    func run(state: RunState, status: CommandStatus) {
        #expect(RunWaiting.status(of: state) == status, "\(state)")
    }

    @Test("no end of a run is forgotten")
    func ends() {
        #expect(Self.endCodes.map(\.state) == RunState.allCases.filter(\.isFinal))
    }

    @Test("a failed diff is told apart from a difference")
    func diff() {
        #expect(DiffCommand.exitStatus(of: ControlError("x", .unreachable)) == .notCompared)
        #expect(DiffCommand.exitStatus(of: ControlError("x")) == .notCompared)
        #expect(ApplyCommand.exitStatus(of: ControlError("x", .unreachable)) == .unreachable)
        #expect(ApplyCommand.exitStatus(of: ControlError("x")) == .failed)
    }

    @Test("all problems of refused input are listed")
    func problems() {
        let problems = [
            ValidationProblem(field: "timeout", message: "too long"),
            ValidationProblem(field: "script", message: "empty"),
        ]
        let message = ControlError(
            CenterClientError.invalid("the task is wrong", problems: problems) as any Error
        ).message
        #expect(message == "the task is wrong\n  timeout: too long\n  script: empty")
    }
}

@Suite struct ControlErrorTests {
    @Test("mistakes in documents begin with their places")
    func places() {
        let location = SourceLocation(file: "a.yaml", line: 1, column: 2)
        let error = DocumentError(problems: [
            DocumentProblem(location: location, field: "x", message: "wrong")
        ])
        let failure = ControlError(error as any Error)
        #expect(failure.message == "a.yaml:1:2: wrong")
        #expect(failure.namesPlaces)
        #expect(!ControlError("x").namesPlaces)
    }
}
