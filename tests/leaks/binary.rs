//! Text in the binary: none from the tests, and no folders of the build machine.

use crate::harness::BINARY;

/// `ci/try-strings` looks for more in the binary that is installed, which has no paths for debuggers.
#[test]
fn the_binary_contains_no_text_of_the_tests() {
    let bytes = std::fs::read(BINARY).unwrap();
    let strings = String::from_utf8_lossy(&bytes);
    let holds = |text: &str| strings.contains(text);
    assert!(holds("credentials.json") && holds("CONCUR_CRED_TEST_FAILPOINT"), "it can be found");
    // The sandbox's: its key and its paths; and secrets of unit tests.
    for text in ["concur-sandbox-1", "/sandbox/echo", "hunter2", "s3cr3t", "t0ken-t0ken"] {
        assert!(!holds(text), "{text}");
    }
}
