public import Domain

extension TaskDefinition {
    /// How many bytes it takes, roughly and before it is encoded: what it says may be large, what is added to that is small.
    public var estimatedBytes: Int {
        let pairs: [[String: String]] =
            [specification.environment, specification.labels] + exceptions.map(\.parameters)
            + specification.shardParameters.values
        let texts = pairs.joined().reduce(specification.description?.utf8.count ?? 0) {
            $0 + $1.key.utf8.count + $1.value.utf8.count + 6
        }
        let parameters = specification.parameters.reduce(0) { size, parameter in
            let words = parameter.choices + [parameter.description ?? "", parameter.pattern ?? ""]
            return size + 256 + words.reduce(0) { $0 + $1.utf8.count + 3 }
        }
        let schedules = supersededSchedules.reduce(specification.schedules.count) { $0 + $1.schedules.count }
        let calendars = supersededSchedules.reduce(self.calendars.count) { $0 + $1.calendars.count }
        let splits = [specification.split] + supersededSchedules.compactMap(\.split)
        let shards = splits.reduce(0) { size, split in
            guard case .shards(.names(let names)) = split else { return size }
            return names.reduce(size) { $0 + $1.utf8.count + 3 }
        }
        let all = specification.action.textBytes + texts + parameters + shards
        return 1_024 + all + 160 * schedules + 32 * calendars + 512 * exceptions.count
    }
}
