//! The line that ends `make test`: a wrong sum there would hide failures.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

fn count(output: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/count-tests.sh");
    let mut counter = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    counter.stdin.take().unwrap().write_all(output.as_bytes()).unwrap();
    String::from_utf8(counter.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn the_closing_line_sums_all_runs() {
    let output = "\
running 6 tests
test result: FAILED. 5 passed; 1 failed; 2 ignored; 0 measured; 7 filtered out; finished in 0.05s
test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 22.39s
\x1b[2m Test Files \x1b[22m \x1b[1m\x1b[32m3 passed\x1b[39m\x1b[22m (3)
\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[31m2 failed\x1b[39m\x1b[22m\x1b[2m | \x1b[22m\x1b[1m\x1b[32m30 passed\x1b[39m\x1b[22m (32)
      Tests  8 passed (8)
100 passed, 3 failed
a sentence about 900 passed, 900 failed
";
    assert_eq!(count(output), "155 passed, 6 failed\n");
}

#[test]
fn a_run_without_tests_counts_nothing() {
    assert_eq!(count("error: could not compile\n"), "0 passed, 0 failed\n");
}
