/// Numbers that depend on nothing but a task's name and what they are for.
///
/// Every node and every version computes the same ones: changing the function would move every spread task's fires.
/// It is FNV-1a (Fowler, Noll and Vo) finished with the mixer of SplitMix64 (Steele, Lea and Flood).
struct SpreadHash: Hashable, Sendable {
    private let state: UInt64

    /// The numbers of the task called `task`.
    init(task: String) {
        state = Self.absorb(task, into: 0xCBF2_9CE4_8422_2325)
    }

    /// A number from 0 up to, not including, `count`; independent for every `purpose`.
    func value(for purpose: String, below count: Int) -> Int {
        precondition(count > 0, "no number lies below \(count)")
        return Int(Self.mix(Self.absorb(purpose, into: Self.mix(state))) % UInt64(count))
    }

    private static func absorb(_ text: String, into state: UInt64) -> UInt64 {
        text.utf8.reduce(state) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
