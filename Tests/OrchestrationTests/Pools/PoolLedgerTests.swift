import Domain
import Orchestration
import Scheduling
import Testing

/// Who gets units, and in which order.
@Suite struct PoolLedgerTests {
    /// A claim in a few words: `"3 license:2 +db p20 @5"` is the third that was made, 5 s after the first, of priority 20, on two units of
    /// the pool `license` and on the key `db`; `!` stands for one that is granted.
    private static func entry(_ text: String) -> PoolLedger.Entry {
        let words = text.split(separator: " ").map(String.init)
        let number = Int64(words[0])!
        var task = TaskSpecification(name: TaskID("t\(number)")!, action: .command(["true"]))
        var isGranted = false
        var seconds: Int64 = 0
        for word in words.dropFirst() {
            let pair = word.split(separator: ":")
            switch word.first {
            case _ where pair.count == 2: task.demand.pools[PoolID(String(pair[0]))!] = Int(pair[1])!
            case "+": task.demand.keys.append(PoolID(String(word.dropFirst()))!)
            case "p": task.priority = Int(word.dropFirst())!
            case "@": seconds = Int64(word.dropFirst())!
            case "!": isGranted = true
            default: preconditionFailure("'\(word)' says nothing of a claim")
            }
        }
        let fire = JournaledFire(
            attempt: attempt(number),
            task: task.name,
            uid: TaskUID(bits: UInt64(number)),
            revision: 1,
            due: .epoch,
            trigger: .request,
            delivery: .atMostOnce,
            decision: .launch
        )
        var claim = UnitClaim(
            fire,
            of: task,
            runtime: .standard,
            agent: AgentID("a")!,
            incarnation: Incarnation(high: 0, low: 1),
            lease: .seconds(5)
        )
        if isGranted { claim.grantedAt = .epoch + .seconds(seconds) }
        return PoolLedger.Entry(claim, madeAt: .epoch + .seconds(seconds), order: number)
    }

    private static func attempt(_ number: Int64) -> AttemptID {
        AttemptID(run: RunID(request: RandomID(high: 0, low: UInt64(number))), number: 1)
    }

    private static func ledger(_ claims: [String], _ sizes: [String: Int] = [:]) -> PoolLedger {
        var units: [PoolID: Int] = [:]
        for (name, size) in sizes { units[PoolID(name)!] = size }
        return PoolLedger(claims.map(entry), sizes: units)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var claims: [String]
        var sizes: [String: Int] = [:]
        /// The tasks whose claims are granted, in this order.
        var granted: [String]
    }

    static let cases: [Case] = [
        Case(testDescription: "nothing waits", claims: ["1 +db !"], granted: []),
        Case(testDescription: "a key is held by one", claims: ["1 +db", "2 +db"], granted: ["t1"]),
        Case(testDescription: "a key that is held is waited for", claims: ["1 +db !", "2 +db"], granted: []),
        Case(
            testDescription: "different keys do not know of each other",
            claims: ["1 +db !", "2 +mail", "3 +tape"],
            granted: ["t2", "t3"]
        ),
        Case(
            testDescription: "a key and a pool of one name are two things",
            claims: ["1 +x !", "2 x:1"],
            sizes: ["x": 1],
            granted: ["t2"]
        ),
        Case(
            testDescription: "units go to as many as there are",
            claims: ["1 p:1", "2 p:2", "3 p:1", "4 p:1"],
            sizes: ["p": 4],
            granted: ["t1", "t2", "t3"]
        ),
        Case(
            testDescription: "who needs little does not overtake who needs much",
            claims: ["1 p:3 !", "2 p:2", "3 p:1"],
            sizes: ["p": 4],
            granted: []
        ),
        Case(
            testDescription: "one that waits for a key lets nobody take the units it needs besides",
            claims: ["1 +db !", "2 +db p:1", "3 p:1", "4 +mail"],
            sizes: ["p": 1],
            granted: ["t4"]
        ),
        Case(
            testDescription: "two that need the same two things in different orders",
            claims: ["1 +a +b", "2 +b +a"],
            granted: ["t1"]
        ),
        Case(
            testDescription: "the higher priority goes first",
            claims: ["1 +db p-10", "2 +db p10", "3 +db"],
            granted: ["t2"]
        ),
        Case(
            testDescription: "who has waited long enough goes before a higher priority",
            claims: ["1 +db @0", "2 +db p10 @31"],
            granted: ["t1"]
        ),
        Case(
            testDescription: "the higher priority prevails over a short wait",
            claims: ["1 +db @0", "2 +db p10 @29"],
            granted: ["t2"]
        ),
        Case(
            testDescription: "a pool that was made smaller grants nothing until enough has come back",
            claims: ["1 p:3 !", "2 p:1"],
            sizes: ["p": 2],
            granted: []
        ),
        Case(
            testDescription: "who asks for more than a pool has left altogether takes all of it",
            claims: ["1 p:5", "2 p:1"],
            sizes: ["p": 2],
            granted: ["t1"]
        ),
        Case(
            testDescription: "… and waits for all of it",
            claims: ["1 p:1 !", "2 p:5"],
            sizes: ["p": 2],
            granted: []
        ),
        Case(
            testDescription: "a pool that was deleted limits nobody",
            claims: ["1 p:1 !", "2 p:5", "3 p:5 +db", "4 +db"],
            granted: ["t2", "t3"]
        ),
    ]

    @Test("claims are granted in order, all at once or not at all", arguments: cases)
    func grants(_ given: Case) {
        #expect(Self.ledger(given.claims, given.sizes).grantable.map(\.task.text) == given.granted)
    }

    @Test("nothing of a pool that cannot be read is granted")
    func unreadable() {
        let pool = PoolID("p")!
        let ledger = PoolLedger([Self.entry("1 p:1"), Self.entry("2 +db")], sizes: [:], unreadable: [pool])
        #expect(ledger.grantable.map(\.task.text) == ["t2"])
        #expect(ledger.wait(of: Self.attempt(1))?.source == .pool(pool))
    }

    @Test("never more units are granted than there are, whatever comes and goes")
    func bounds() {
        var generator = SystemRandomNumberGenerator()
        let sizes = ["p": 3, "q": 2]
        for _ in 0..<200 {
            var claims: [Int64: String] = [:]
            for number in Int64(1)...30 {
                let p = Int.random(in: 0...3, using: &generator)
                let q = Int.random(in: 0...2, using: &generator)
                let priority = Int.random(in: -5...5, using: &generator)
                let key = Bool.random(using: &generator) ? " +k" : ""
                let units = (p > 0 ? " p:\(p)" : "") + (q > 0 ? " q:\(q)" : "")
                claims[number] = "\(number)\(units)\(key) p\(priority) @\(number)"
                let ledger = Self.ledger(Array(claims.values), sizes)
                for claim in ledger.grantable {
                    let granted = claims.first { $0.value.hasPrefix("\(claim.task.text.dropFirst()) ") }
                    if let granted { claims[granted.key] = granted.value + " !" }
                }
                let after = Self.ledger(Array(claims.values), sizes)
                #expect(after.held(.pool(PoolID("p")!)) <= 3)
                #expect(after.held(.pool(PoolID("q")!)) <= 2)
                #expect(after.held(.key(PoolID("k")!)) <= 1)
                #expect(after.grantable.isEmpty)
                for (number, claim) in claims where claim.hasSuffix("!") && Bool.random(using: &generator) {
                    claims[number] = nil
                }
            }
        }
    }

    @Test("whoever waits is told for what, who holds it, and how many are before it")
    func waits() throws {
        let ledger = Self.ledger(["1 p:2 !", "2 p:1 !", "3 p:2", "4 p:1 +db", "5 +db"], ["p": 4])
        let first = try #require(ledger.wait(of: Self.attempt(3)))
        #expect(first.source == .pool(PoolID("p")!))
        #expect((first.units, first.size, first.ahead) == (2, 4, 0))
        #expect(first.holders.map(\.task.text) == ["t1", "t2"])
        // There is a unit for it, but who is before it wants it.
        let second = try #require(ledger.wait(of: Self.attempt(4)))
        #expect(second.source == .pool(PoolID("p")!) && second.ahead == 1)
        let third = try #require(ledger.wait(of: Self.attempt(5)))
        #expect(third.source == .key(PoolID("db")!) && third.ahead == 1 && third.holders.isEmpty)
        #expect(ledger.wait(of: Self.attempt(1)) == nil)
        #expect(ledger.claims(on: .pool(PoolID("p")!)).line.map(\.task.text) == ["t3", "t4"])
    }
}
