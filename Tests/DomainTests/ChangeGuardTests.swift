import Domain
import Testing

@Suite struct ChangeGuardTests {
    private static let gpu = RuntimeID("gpu")!

    private static func share(_ changed: Int) -> ChangedShare {
        ChangedShare(runtime: .standard, changed: changed, total: 20, allowedPercent: 50)
    }

    private static func starts(_ count: Int, _ runtime: RuntimeID = .standard) -> CatchUpShare {
        CatchUpShare(runtime: runtime, count: count, allowed: 100)
    }

    @Test(
        "what is too much is held until the number is confirmed that the sentence names",
        arguments: [
            (ChangeGuard([], []), 0, nil),
            (ChangeGuard([share(5)], [starts(100)]), 5, nil),
            (
                ChangeGuard([share(12)], []), 12,
                "this changes 12 of the 20 tasks of runtime default, more than 50 %"
            ),
            (ChangeGuard([share(12)], [starts(3)]), 12, "this changes 12 of the 20 tasks"),
            (
                ChangeGuard([share(5)], [starts(240)]), 240,
                "this starts 240 runs at once that tasks of runtime default have missed, more than 100: if"
            ),
            (
                ChangeGuard([share(12)], [starts(240), starts(7, gpu)]), 259,
                "more than 100, and changes 12 of the 20 tasks of runtime default, more than 50 %: if"
            ),
        ] as [(ChangeGuard, Int, String?)]
    )
    func objections(changes: ChangeGuard, number: Int, sentence: String?) {
        #expect(changes.number == number)
        let objection = changes.objection(confirmed: nil)
        #expect((objection == nil) == (sentence == nil))
        if let sentence, let objection {
            #expect(objection.contains(sentence), "\(objection)")
            #expect(objection.hasSuffix("repeat it with --confirm \(number)"), "\(objection)")
            let fewer = changes.objection(confirmed: number - 1)
            #expect(fewer?.contains("; \(number - 1) was confirmed") == true)
        }
        #expect(changes.objection(confirmed: number) == nil)
    }

    @Test("missed fires become more: a larger number confirms them, too; parts add up to one change")
    func larger() {
        let part = ChangeGuard([Self.share(6)], [Self.starts(60)])
        #expect(part.objection(confirmed: nil) == nil)
        let whole = ChangeGuard.sum([part, part])
        #expect(whole == ChangeGuard([Self.share(12)], [Self.starts(120)]))
        #expect(whole.objection(confirmed: 131) != nil)
        #expect(whole.objection(confirmed: 140) == nil)
    }
}
