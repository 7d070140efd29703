import Foundation
public import Orchestration
import Scheduling

/// Remembers what was done to whom, and says it.
///
/// Every period is written to a file as soon as it is over, for whoever looks into a run that did not come to its end.
public actor FaultJournal {
    private let file: FileHandle
    private let beginning: ContinuousClock.Instant
    private var open: [Int: FaultPeriod] = [:]
    private var lastNumber = 0
    /// The periods that are over.
    public private(set) var periods: [FaultPeriod] = []

    /// Begins a journal in a new file.
    public init(file path: String, beginning: ContinuousClock.Instant = .now) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        self.beginning = beginning
    }

    /// A period begins now; its number, to end it by.
    func begin(_ kind: FaultPeriod.Kind, _ target: String, _ detail: String) -> Int {
        lastNumber += 1
        open[lastNumber] = FaultPeriod(
            kind: kind,
            target: target,
            start: Instant(Date()),
            detail: detail
        )
        return lastNumber
    }

    /// A period ends now.
    func end(_ number: Int) throws {
        guard var period = open.removeValue(forKey: number) else { return }
        period.end = Instant(Date())
        try write(period)
    }

    /// Adds a period that somebody saw.
    func add(_ period: FaultPeriod) throws { try write(period) }

    /// A period that did not come about.
    func drop(_ number: Int) { open[number] = nil }

    /// Writes what has no end.
    func close() throws {
        for (_, period) in open.sorted(by: { $0.key < $1.key }) { try write(period) }
        open = [:]
    }

    /// Says a line with the time since the beginning.
    nonisolated func say(_ line: String) {
        Console.say("+\(beginning.duration(to: .now).inMinutes)  \(line)")
    }

    private func write(_ period: FaultPeriod) throws {
        periods.append(period)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try file.write(contentsOf: try encoder.encode(period) + Data("\n".utf8))
    }
}
