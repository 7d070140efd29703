/// How long to wait before each repetition: doubling from `first` to `longest`, spread by half.
public struct RetrySchedule: Hashable, Sendable {
    /// The wait before the first repetition.
    public var first: Duration
    /// The longest wait.
    public var longest: Duration
    /// Repetitions after the first attempt; then the error is thrown.
    public var repetitionsMax: Int

    /// Creates a schedule; the default gives up after about 20 s.
    public init(
        first: Duration = .milliseconds(50),
        longest: Duration = .seconds(5),
        repetitionsMax: Int = 10
    ) {
        self.first = first
        self.longest = longest
        self.repetitionsMax = repetitionsMax
    }

    /// The wait before repetition number `repetition`, which counts from zero; `bits` are random.
    public func delay(before repetition: Int, bits: UInt64) -> Duration {
        // Beyond 30 doublings every sensible schedule has reached its longest wait.
        let doubled = first * (1 << min(repetition, 30))
        return Jitter.spread(min(doubled, longest), bits: bits)
    }

    /// Performs `body`, again after errors that are retriable on the same session.
    ///
    /// Only for calls that may be repeated: after such an error a write may have happened.
    public func perform<Value: Sendable>(
        _ environment: RecipeEnvironment,
        _ body: () async throws(ZooKeeperError) -> Value
    ) async throws(ZooKeeperError) -> Value {
        for repetition in 0..<repetitionsMax {
            do throws(ZooKeeperError) {
                return try await body()
            } catch {
                if !error.isRetriable { throw error }
            }
            let delay = delay(before: repetition, bits: environment.randomBits())
            do { try await environment.clock.sleep(for: delay) } catch { throw ZooKeeperError(.cancelled) }
        }
        return try await body()
    }
}
