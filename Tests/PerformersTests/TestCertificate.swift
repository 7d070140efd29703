/// A certificate for `localhost` that nobody has signed but itself, for tests only.
enum TestCertificate {
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBdDCCARqgAwIBAgIUdrKJlCQuQWsv/XDvqqCaUd7VhaQwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAwMjQwNloYDzIxMjYxMDMw
        MDAyNDA2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARNGIC2i3A8heHJUBOeACZLKM71ukcwKulMxImQDw1x3iTV19UlAEt8
        RzcziejQ7gbRQCOF8jcxa5TJc034GrY2o0gwRjAUBgNVHREEDTALgglsb2NhbGhv
        c3QwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUo94Wgdyb95J0k1fm5L48dDzh
        BRwwCgYIKoZIzj0EAwIDSAAwRQIhAJBYHK+BvB+TqbD3MC+wQtBW6Fllc0SOtoir
        l9EwXEcUAiAnYhEjSyqBMMy1Prrc1Ssh0aBYZpdNvSXsjUhV1KuWqQ==
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
