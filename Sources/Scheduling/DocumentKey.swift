/// Any key of a document, so that unknown ones are seen.
struct DocumentKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int?

    init(stringLiteral value: String) { stringValue = value }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}

extension KeyedDecodingContainer<DocumentKey> {
    /// Refuses keys other than `known`; `what` describes the value: "a schedule with 'every'".
    func refuseKeys(notIn known: [String], of what: String) throws {
        guard let other = allKeys.map(\.stringValue).filter({ !known.contains($0) }).min() else { return }
        let reason = "\(what) has no '\(other)': it may have \(known.joined(separator: ", "))"
        throw DecodingError.dataCorruptedError(
            forKey: DocumentKey(stringValue: other),
            in: self,
            debugDescription: reason
        )
    }

    /// The one of several keys that is present; refuses none and, at the second, more than one.
    func onlyKey(of keys: [String], none: String, remedy: String) throws -> String {
        let present = keys.filter { contains(DocumentKey(stringValue: $0)) }
        guard let key = present.first else {
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: none))
        }
        guard present.count == 1 else {
            let reason = "'\(present[1])' cannot stand beside '\(key)': \(remedy)"
            throw DecodingError.dataCorruptedError(
                forKey: DocumentKey(stringValue: present[1]),
                in: self,
                debugDescription: reason
            )
        }
        return key
    }

    /// Turns our error into one that carries the key; the original stays within it.
    func naming<Value>(_ key: DocumentKey, _ make: () throws(ScheduleError) -> Value) throws -> Value {
        do throws(ScheduleError) {
            return try make()
        } catch {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath + [key],
                    debugDescription: error.description,
                    underlyingError: error
                )
            )
        }
    }

    /// Decodes one of the words of an option; the error lists them.
    func choice<Option>(_ key: DocumentKey) throws -> Option?
    where Option: RawRepresentable<String> & CaseIterable {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
        return try naming(key) { () throws(ScheduleError) in
            try Option(option: key.stringValue, text: text)
        }
    }

    /// The texts of a list; a single text or number is a list of one, numbers are taken as they are written.
    func words(_ key: DocumentKey) throws -> [String]? {
        guard contains(key) else { return nil }
        // A single word is common and unambiguous; the list's error is the one to report.
        if let word = try? decode(Word.self, forKey: key) { return [word.text] }
        return try decode([Word].self, forKey: key).map(\.text)
    }

    /// Values parsed from the texts of a list; the error stands at the text that is wrong.
    func list<Value>(_ key: DocumentKey, _ parse: (String) throws(ScheduleError) -> Value) throws -> [Value]?
    {
        guard let words = try words(key) else { return nil }
        var values: [Value] = []
        for (index, word) in words.enumerated() {
            do throws(ScheduleError) {
                values.append(try parse(word))
            } catch {
                let place: [any CodingKey] =
                    [key] + (words.count == 1 ? [] : [DocumentKey(intValue: index)].compactMap(\.self))
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: codingPath + place,
                        debugDescription: error.message,
                        underlyingError: error
                    )
                )
            }
        }
        return values
    }
}

/// A text, or a whole number taken as it is written.
private struct Word: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // What is neither a number nor a text is reported as no text.
        if let number = try? container.decode(Int.self) {
            text = "\(number)"
        } else {
            text = try container.decode(String.self)
        }
    }
}

extension RawRepresentable<String> where Self: CaseIterable {
    /// The option written as `text`; the error names the option and its words.
    init(option name: String, text: String) throws(ScheduleError) {
        guard let value = Self(rawValue: text) else {
            let words = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw ScheduleError("\(name) cannot be '\(text)': use one of \(words)")
        }
        self = value
    }
}
