/// A certificate for `localhost` that nobody has signed but itself, valid from 2020 to 2119, for tests only.
enum TestCertificate {
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBYjCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
        c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
        CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABE0YgLaLcDyF4clQ
        E54AJksozvW6RzAq6UzEiZAPDXHeJNXX1SUAS3xHNzOJ6NDuBtFAI4XyNzFrlMlz
        TfgatjajSDBGMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAPBgNVHRMBAf8EBTADAQH/
        MB0GA1UdDgQWBBSj3haB3Jv3knSTV+bkvjx0POEFHDAKBggqhkjOPQQDAgNJADBG
        AiEAvPvBR+hDn4n2JYFTpmFejfZKvVcQ1AXnsC9WR2pUWxMCIQDG3TWtUKwcQ9QT
        quCrpOONme9j6wg3YDkdH5x1ZkOgCw==
        -----END CERTIFICATE-----
        """
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpm5dNCxScJvEcX5E
        teOeZqHoKKL9UGF+5HSPP5wCFSyhRANCAARNGIC2i3A8heHJUBOeACZLKM71ukcw
        KulMxImQDw1x3iTV19UlAEt8RzcziejQ7gbRQCOF8jcxa5TJc034GrY2
        -----END PRIVATE KEY-----
        """
}
