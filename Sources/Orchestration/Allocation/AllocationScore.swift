import Domain

/// Weighted rendezvous hashing: every (task, agent) pair has a score, and a task prefers the agent with the least.
///
/// The score is `-ln(u) / weight` for a uniform hash `u` of the pair: the arrival time of an exponential clock of rate
/// `weight`, so that an agent comes first with a probability in proportion to its weight, and a change of one
/// agent changes no order among the others. (Thaler and Ravishankar, "Using name-based mappings to increase
/// hit rates", 1998; the logarithmic method of Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005.)
enum AllocationScore {
    /// The score; lower is better.
    static func of(task: UInt64, agent: UInt64, weight: Double) -> Double {
        -logarithm(mixed(task ^ agent)) / weight
    }

    /// A part's hash: equal in every process, unlike `Hasher`'s.
    static func hash(_ part: TaskPart) -> UInt64 {
        mixed(hash(part.uid.text, seed: 0x9E37_79B9_7F4A_7C15) &+ UInt64(bitPattern: Int64(part.part)))
    }

    /// An agent's hash.
    static func hash(_ agent: AgentID) -> UInt64 { hash(agent.text, seed: 0xD1B5_4A32_D192_ED03) }

    /// FNV-1a over the bytes, finished by a mixer because FNV's high bits are poor.
    private static func hash(_ text: String, seed: UInt64) -> UInt64 {
        var hash = seed ^ 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return mixed(hash)
    }

    /// The finaliser of SplitMix64 with Stafford's constants (variant 13).
    private static func mixed(_ bits: UInt64) -> UInt64 {
        var bits = bits
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// The natural logarithm of `bits` read as a fraction in (0, 1).
    ///
    /// Only additions, multiplications and one division, which IEEE 754 defines to the last bit: centers on different
    /// C libraries must compute the same plan. ln(m · 2^e) = e · ln 2 + 2 · artanh((m - 1) / (m + 1)).
    static func logarithm(_ bits: UInt64) -> Double {
        let odd = (bits >> 11) | 1
        let exponent = 63 - odd.leadingZeroBitCount
        var mantissa = Double(odd) / Double(UInt64(1) << UInt64(exponent))
        var power = Double(exponent - 53)
        if mantissa > 1.414_213_562_373_095_1 {
            mantissa *= 0.5
            power += 1
        }
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var series = 1.0 / 15
        series = series * square + 1.0 / 13
        series = series * square + 1.0 / 11
        series = series * square + 1.0 / 9
        series = series * square + 1.0 / 7
        series = series * square + 1.0 / 5
        series = series * square + 1.0 / 3
        series = series * square + 1
        return power * 0.693_147_180_559_945_3 + 2 * ratio * series
    }
}
