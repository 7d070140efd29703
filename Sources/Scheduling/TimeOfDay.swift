/// A local time of day, written `09:30` or `09:30:15`; `24:00` is the end of the day.
public struct TimeOfDay: Hashable, Sendable, Comparable {
    /// Seconds since midnight, up to 86,400.
    let seconds: Int

    /// Creates a time from seconds since midnight.
    init(seconds: Int) {
        precondition((0...86_400).contains(seconds), "\(seconds) is no second of a day")
        self.seconds = seconds
    }

    /// Parses `H:MM`, `HH:MM` or `HH:MM:SS`; `24:00` is accepted.
    public init(parsing text: String) throws(ScheduleError) {
        var cursor = TextCursor(text)
        guard let hour = cursor.takeNumber(), hour <= 24, cursor.take(":"),
            let minute = cursor.takeNumber(digits: 2), minute < 60,
            let second = cursor.take(":") ? cursor.takeNumber(digits: 2) : 0, second < 60,
            cursor.isAtEnd, hour * 3_600 + minute * 60 + second <= 86_400
        else { throw ScheduleError("'\(text)' is no time of day: write it like 09:30 or 18:00:30") }
        seconds = hour * 3_600 + minute * 60 + second
    }

    /// Earlier times are smaller.
    public static func < (left: TimeOfDay, right: TimeOfDay) -> Bool { left.seconds < right.seconds }

    /// The end of the day.
    static let endOfDay = TimeOfDay(seconds: 86_400)
}

extension TimeOfDay: CustomStringConvertible {
    /// `09:30`, with seconds only when there are any.
    public var description: String {
        let short = twoDigits(seconds / 3_600) + ":" + twoDigits(seconds / 60 % 60)
        return seconds % 60 == 0 ? short : short + ":" + twoDigits(seconds % 60)
    }
}

/// A part of the day within which something fires every so often; it may last until the next morning.
public struct DailyWindow: Hashable, Sendable {
    /// The first fire.
    public let from: TimeOfDay
    /// The last time that may fire; on the next day when it is before `from`.
    ///
    /// The end of the day itself does not.
    public let to: TimeOfDay
    /// From one fire to the next, in local time.
    public let every: Duration

    /// Creates a window; refuses one without length and intervals that are not whole seconds of a day.
    public init(from: TimeOfDay, to: TimeOfDay, every: Duration) throws(ScheduleError) {
        guard from != to, from != .endOfDay else {
            throw ScheduleError(
                "the window from \(from) to \(to) is empty: for the whole day write 00:00 to 24:00"
            )
        }
        guard every >= .seconds(1), every <= .seconds(86_400), every == .seconds(every.components.seconds)
        else {
            throw ScheduleError(
                "the interval \(DurationText(every)) is out of range: use whole seconds from 1s to 1d"
            )
        }
        self.from = from
        self.to = to
        self.every = every
    }

    /// The last second that may fire, counted from the midnight before `from`.
    var last: Int {
        if to == .endOfDay { return 86_399 }
        return to > from ? to.seconds : to.seconds + 86_400
    }

    /// Refuses an interval that is longer than the window, in which nothing could follow the first fire.
    func validate() throws(ScheduleError) {
        let length = (to == .endOfDay ? 86_400 : last) - from.seconds
        guard Int(every.components.seconds) > length else { return }
        throw ScheduleError(
            "the window from \(from) to \(to) is shorter than its interval \(DurationText(every)): "
                + "write at: \"\(from)\", or a shorter interval"
        )
    }

    /// The first fire at or after a second counted from the midnight before `from`.
    func next(atOrAfter second: Int) -> Int? {
        guard second > from.seconds else { return from.seconds }
        let step = Int(every.components.seconds)
        let next = from.seconds + (second - from.seconds + step - 1) / step * step
        return next <= last ? next : nil
    }
}
