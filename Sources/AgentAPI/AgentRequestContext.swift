import Hummingbird
import Logging

/// What is known of one request besides the request itself.
struct AgentRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Names the request in answers and in the log; random.
    let requestID: String

    init(source: ApplicationRequestContextSource) {
        var generator = SystemRandomNumberGenerator()
        let bits: UInt64 = generator.next()
        requestID = String(bits, radix: 36)
        coreContext = CoreRequestContextStorage(source: source)
        logger[metadataKey: "request.id"] = "\(requestID)"
    }
}
