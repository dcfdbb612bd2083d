//! See `pilothouse_tests::fuzz_entry`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pilothouse_tests::fuzz_entry::scenario(bytes));
