/// The parts of a unit's name: `backup@home.service` is the instance `home` of `backup@.service`.
struct UnitName {
    /// The whole name.
    let text: String
    /// What stands before the `@`, else before the type.
    let prefix: String
    /// What stands behind the `@`; empty for a template, `nil` for a unit that is neither.
    let instance: String?

    init(_ text: String) {
        self.text = text
        let name = Self.withoutType(text)
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        prefix = String(parts.first ?? "")
        instance = parts.count > 1 ? String(parts[1]) : nil
    }

    /// The name without its type.
    var withoutType: String { Self.withoutType(text) }

    /// Whether only instances of the unit can be started.
    var isTemplate: Bool { instance?.isEmpty ?? false }

    /// The template the unit is an instance of.
    var template: String? {
        instance.map { _ in prefix + "@." + (text.split(separator: ".").last ?? "") }
    }

    private static func withoutType(_ text: String) -> String {
        text.lastIndex(of: ".").map { String(text[..<$0]) } ?? text
    }
}
