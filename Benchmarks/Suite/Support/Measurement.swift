import Foundation

/// One figure beside its baseline: a line of the output.
struct Measurement {
    /// The benchmark.
    var benchmark: String
    /// What tells this figure from others of the benchmark.
    var parameters: [String: Parameter]
    var value: Double
    var unit: String
    /// What the value is compared with, measured in the same run, in the same unit.
    var baseline: (name: String, value: Double)?
    var target: Target?

    /// Value over baseline.
    var ratio: Double? { baseline.map { value / $0.value } }

    /// What a figure has to reach.
    enum Target {
        case ratioAtMost(Double)
        case ratioAtLeast(Double)
        case valueAtMost(Double)
    }

    /// A parameter's value.
    enum Parameter: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
        case number(Int)
        case text(String)

        init(integerLiteral value: Int) { self = .number(value) }
        init(stringLiteral value: String) { self = .text(value) }
    }

    /// Writes the line to standard output, with the machine's load at this moment.
    func report() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try FileHandle.standardOutput.write(contentsOf: try encoder.encode(self) + Data("\n".utf8))
    }
}

extension Measurement {
    /// Whether the target is reached; `nil` when there is none.
    var isMet: Bool? {
        switch target {
        case .ratioAtMost(let limit): ratio.map { $0 <= limit }
        case .ratioAtLeast(let limit): ratio.map { $0 >= limit }
        case .valueAtMost(let limit): value <= limit
        case nil: nil
        }
    }

    private var targetText: String? {
        switch target {
        case .ratioAtMost(let limit): "ratio ≤ \(limit)"
        case .ratioAtLeast(let limit): "ratio ≥ \(limit)"
        case .valueAtMost(let limit): "value ≤ \(limit)"
        case nil: nil
        }
    }
}

extension Measurement: Encodable {
    private enum CodingKeys: String, CodingKey {
        case benchmark, parameters, value, unit, baseline, baselineValue, ratio, target, isMet, load
    }

    /// Encodes every key: what is not known is `null`.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(benchmark, forKey: .benchmark)
        try container.encode(parameters, forKey: .parameters)
        try container.encode(Self.rounded(value), forKey: .value)
        try container.encode(unit, forKey: .unit)
        try container.encode(baseline?.name, forKey: .baseline)
        try container.encode(baseline.map { Self.rounded($0.value) }, forKey: .baselineValue)
        try container.encode(ratio.map(Self.rounded), forKey: .ratio)
        try container.encode(targetText, forKey: .target)
        try container.encode(isMet, forKey: .isMet)
        try container.encode(Machine.load, forKey: .load)
    }

    /// Four significant digits: more would only be noise.
    private static func rounded(_ value: Double) -> Double {
        guard value != 0, value.isFinite else { return 0 }
        let digits = 3 - Int(log10(abs(value)).rounded(.down))
        // A power of ten of at least 1 is exact; its inverse is not.
        guard digits > 0 else {
            return (value / pow(10, Double(-digits))).rounded() * pow(10, Double(-digits))
        }
        return (value * pow(10, Double(digits))).rounded() / pow(10, Double(digits))
    }
}

extension Measurement.Parameter: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}

/// What a person watching sees, on standard error.
enum Progress {
    static func say(_ text: String) {
        // Nobody may be reading any more; the figures go elsewhere.
        try? FileHandle.standardError.write(contentsOf: Data("bench: \(text)\n".utf8))
    }
}
