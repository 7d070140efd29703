/// The seven fields of an expression, in the order they are written.
enum CronFieldKind: Int, CaseIterable {
    case second
    case minute
    case hour
    case dayOfMonth
    case month
    case dayOfWeek
    case year

    /// The field's name in messages.
    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day-of-month"
        case .month: "month"
        case .dayOfWeek: "day-of-week"
        case .year: "year"
        }
    }

    /// The article before the name.
    var article: String { self == .hour ? "an" : "a" }

    /// The numbers that may be written.
    func numbers(in dialect: Dialect) -> ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: dialect == .quartz ? 1...7 : 0...7
        case .year: dialect == .ocps ? 1...9999 : 1970...2099
        }
    }

    /// The numbers that mean different things; what wraps around wraps over these.
    ///
    /// They are the written ones except that the Unix Sunday has two numbers.
    func values(in dialect: Dialect) -> ClosedRange<Int> {
        self == .dayOfWeek && dialect != .quartz ? 0...6 : numbers(in: dialect)
    }

    /// The values from which `H` takes one.
    ///
    /// As in Jenkins, days of the month end with the 28th, so that every month has the day.
    func hashed(in dialect: Dialect) -> ClosedRange<Int> {
        self == .dayOfMonth ? 1...28 : values(in: dialect)
    }

    /// The full English names of the values, from the first value on.
    var names: [String] {
        switch self {
        case .month:
            [
                "January", "February", "March", "April", "May", "June", "July", "August", "September",
                "October",
                "November", "December",
            ]
        case .dayOfWeek:
            ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        default: []
        }
    }

    /// The value a name stands for: at least three letters of the full name, in either case.
    func value(named text: String, in dialect: Dialect) -> Int? {
        guard text.utf8.count >= 3 else { return nil }
        let index = names.firstIndex { $0.lowercased().hasPrefix(text.lowercased()) }
        return index.map { $0 + values(in: dialect).lowerBound }
    }
}
