/// A line on a terminal's standard error about something that takes longer than a second.
struct Progress: Sendable {
    private let isShown: Bool
    private let start = ContinuousClock.now

    init(isShown: Bool = Terminal.isErrorTerminal) {
        self.isShown = isShown
    }

    /// Says how far it is, once a second has passed.
    func report(_ text: String) {
        guard isShown, start.duration(to: .now) > .seconds(1) else { return }
        Terminal.sayInPlace(text)
    }

    /// Removes the line.
    func finish() {
        guard isShown, start.duration(to: .now) > .seconds(1) else { return }
        Terminal.sayInPlace("")
    }

    /// Does something that may take long, saying that it goes on.
    func during<Value: Sendable>(_ text: String, _ body: @Sendable () async throws -> Value) async throws
        -> Value
    {
        guard isShown else { return try await body() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await ContinuousClock().sleep(for: .seconds(1))
                    report(text + " … \(start.duration(to: .now).components.seconds)s")
                }
            }
            let value = try await body()
            group.cancelAll()
            finish()
            return value
        }
    }
}
