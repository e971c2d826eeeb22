//! Bytes as the configuration of a sound archive.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    checks::configuration(bytes);
});
