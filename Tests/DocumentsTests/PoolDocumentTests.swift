import Domain
import Scheduling
import Testing

@testable import Documents

@Suite struct PoolDocumentTests {
    private static let pool = Pool(name: PoolID("license")!, units: 5, description: "seats: of the solver")

    private static let yaml = """
        kind: Pool
        name: license
        description: "seats: of the solver"
        units: 5

        """

    private func parse(_ text: String) throws -> [Document] {
        try DocumentParser().parse(text, file: "p.yaml")
    }

    @Test("a pool is written as it is read, and reads back the same, as YAML and as JSON")
    func roundTrip() throws {
        #expect(try DocumentWriter.yaml(Self.pool) == Self.yaml)
        for text in [Self.yaml, try DocumentWriter.json(Self.pool)] {
            guard case .pool(let document)? = try parse(text).first else {
                Issue.record("no pool in \(text)")
                continue
            }
            #expect(document.pool == Self.pool)
            #expect(try DocumentWriter.yaml(document.pool) == Self.yaml)
        }
        let document = try #require(try parse(Self.yaml).first)
        #expect(document.kind == "Pool" && document.name == "license" && document.location.line == 1)
    }

    @Test(
        "a mistake is told with its place",
        arguments: [
            ("kind: Pool\n", "1:1: the pool has no name: add one such as name: license"),
            ("kind: Pool\nname: P\nunits: 5\n", "2:7: 'P' is not a valid name"),
            ("kind: Pool\nname: p\n", "1:1: the pool does not say how many units there are: add units: 5"),
            ("kind: Pool\nname: p\nunits: 0\n", "3:8: units cannot be '0': write a whole number from 1 to"),
            ("kind: Pool\nname: p\nunit: 5\n", "3:1: unknown key 'unit' in a pool: did you mean 'units'?"),
            ("kind: Pool\nname: p\nunits: 5\nv: 2\n", "4:4: v must be 1, the only version of pool documents"),
        ]
    )
    func mistakes(text: String, message: String) {
        do {
            _ = try DocumentParser().parse(text, file: "p.yaml")
            Issue.record("it was read: \(text)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }

    @Test("the document of any definition is that of its kind")
    func definitions() throws {
        #expect(try DocumentWriter.yaml(Definition.pool(Self.pool)) == Self.yaml)
        let calendar = DayCalendar(name: CalendarID("off")!, days: DaySelection(weekdays: [.sunday]))
        #expect(try DocumentWriter.yaml(Definition.calendar(calendar)) == DocumentWriter.yaml(calendar))
        let settings = RuntimeSettings(name: .standard)
        #expect(try DocumentWriter.yaml(Definition.runtime(settings)) == DocumentWriter.yaml(settings))
    }
}
